// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {CampaignImplementation} from "../src/CampaignImplementation.sol";
import {CampaignParams, ICampaign, RecordState, RefundRecord, Status} from "../src/interfaces/ICampaign.sol";
import {ICampaignFactory} from "../src/interfaces/ICampaignFactory.sol";
import {IFundEscrow} from "../src/interfaces/IFundEscrow.sol";
import {IIntents} from "../src/interfaces/IIntents.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract CampaignSettlementTest is Fixture {
    function wrongStatus(Status status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICampaign.WrongStatus.selector, status);
    }

    function tooEarly(address caller) private {
        vm.expectRevert(ICampaign.CloseTooEarly.selector);
        vm.prank(caller);
        campaign.close("c");
    }

    function test_the_implementation_takes_no_money_and_no_decision() public {
        campaign = CampaignImplementation(factory.implementation());
        vm.startPrank(alice);
        vm.expectRevert(wrongStatus(Status.Cancelled));
        campaign.invest(admitted(campaign, alice, "i", 100 * ETB));
        vm.expectRevert(ICampaign.NothingToRefund.selector);
        campaign.claimRefund();
        vm.stopPrank();
        vm.expectRevert(wrongStatus(Status.Cancelled));
        vm.prank(recorder);
        campaign.recordInvestment("r", FIAT_ALICE, 100 * ETB);
        vm.startPrank(operator);
        vm.expectRevert(wrongStatus(Status.Cancelled));
        campaign.close("c");
        vm.expectRevert(wrongStatus(Status.Cancelled));
        campaign.release("r", 0);
        vm.expectRevert(wrongStatus(Status.Cancelled));
        campaign.changeTerms("t", keccak256("terms"));
    }

    function test_a_clone_made_by_a_stranger_moves_nothing() public {
        bytes memory terms = abi.encodePacked(bytes32("campaign"), COMPANY, bytes32(0), charlie, uint96(GOAL));
        terms = abi.encodePacked(terms, address(token), uint96(GOAL), uint96(0), uint64(1), uint40(DEADLINE));
        address clone = Clones.cloneWithImmutableArgs(factory.implementation(), terms);
        invest(alice, 6_000 * ETB);
        vm.prank(recorder);
        vm.expectRevert(abi.encodeWithSelector(ICampaignFactory.CampaignUnknown.selector, bytes32("campaign")));
        CampaignImplementation(clone).recordInvestment("r", FIAT_ALICE, 100 * ETB);
        vm.expectRevert(abi.encodeWithSelector(IFundEscrow.AccountUnknown.selector, clone));
        vm.prank(clone);
        escrow.pay(charlie, 1);
    }

    function test_the_threshold_is_rounded_up() public {
        CampaignParams memory wanted = params("odd", "odd company", address(0x160));
        wanted.granularity = 1;
        wanted.goal = 10_001;
        wanted.minInvestment = 0;
        wanted.maxInvestment = 10_001;
        register("odd company", address(0x160));
        vm.assertEq(create(wanted).threshold(), 7_501);
    }

    function test_exactly_the_threshold_succeeds() public {
        invest(alice, 6_000 * ETB);
        record(FIAT_ALICE, 1_500 * ETB);
        vm.warp(DEADLINE + 1);
        vm.expectEmit(address(campaign));
        emit ICampaign.Closed("c", true, THRESHOLD);
        vm.prank(operator);
        campaign.close("c");
        isStatus(Status.Succeeded);
        vm.assertFalse(campaign.hasEnded());
        vm.assertEq(registry.getIssuer(COMPANY).liveCampaign, "campaign");
    }

    function test_a_success_announces_itself_and_nothing_else() public {
        invest(alice, 6_000 * ETB);
        record(FIAT_ALICE, 1_500 * ETB);
        vm.recordLogs();
        close();
        vm.assertEq(vm.getRecordedLogs().length, 1);
    }

    function test_a_cent_below_the_threshold_fails() public {
        invest(alice, 6_000 * ETB);
        record(FIAT_ALICE, 1_500 * ETB - CENT);
        vm.warp(DEADLINE + 1);
        vm.expectEmit(address(campaign));
        emit ICampaign.Closed("c", false, THRESHOLD - CENT);
        vm.prank(operator);
        campaign.close("c");
        isStatus(Status.Failed);
        vm.assertEq(registry.getIssuer(COMPANY).liveCampaign, 0);
    }

    function test_an_operator_closes_early_only_once_the_threshold_is_met() public {
        invest(alice, 6_000 * ETB);
        tooEarly(operator);
        vm.warp(DEADLINE);
        tooEarly(operator);
        record(FIAT_ALICE, 1_500 * ETB);
        close();
        isStatus(Status.Succeeded);
    }

    function test_a_stranger_closes_only_after_the_grace() public {
        invest(alice, 6_000 * ETB);
        record(FIAT_ALICE, 1_500 * ETB);
        tooEarly(charlie);
        vm.warp(DEADLINE + 1);
        tooEarly(charlie);
        vm.warp(DEADLINE + GRACE);
        tooEarly(charlie);
        vm.warp(DEADLINE + GRACE + 1);
        vm.prank(charlie);
        campaign.close("c");
        isStatus(Status.Succeeded);
    }

    function test_fiat_that_arrives_within_the_grace_can_turn_the_result() public {
        invest(alice, 6_000 * ETB);
        vm.warp(DEADLINE + 3 days);
        record(FIAT_ALICE, 1_500 * ETB);
        close();
        isStatus(Status.Succeeded);
    }

    function test_a_campaign_is_closed_once() public {
        fail();
        vm.expectRevert(wrongStatus(Status.Failed));
        vm.prank(operator);
        campaign.close("c");
    }

    function test_a_release_pays_fee_and_remainder_and_accounts_for_fiat() public {
        succeed();
        vm.expectEmit(address(campaign));
        emit ICampaign.Released("r", issuerWallet, 5_850 * ETB, 150 * ETB);
        vm.expectEmit(address(campaign));
        emit ICampaign.FiatReleased("r", 1_950 * ETB, 50 * ETB);
        vm.prank(operator);
        campaign.release("r", 0);

        isStatus(Status.Released);
        vm.assertEq(token.balanceOf(issuerWallet), 5_850 * ETB);
        vm.assertEq(token.balanceOf(feeRecipient), 150 * ETB);
        vm.assertEq(escrow.balanceOf(address(campaign)), 0);
        vm.assertEq(registry.getIssuer(COMPANY).liveCampaign, 0);
    }

    function test_a_release_of_fiat_alone_moves_no_token() public {
        record(FIAT_ALICE, 6_000 * ETB);
        record(FIAT_BOB, 4_000 * ETB);
        close();
        vm.expectEmit(address(campaign));
        emit ICampaign.FiatReleased("r", 9_750 * ETB, 250 * ETB);
        vm.prank(operator);
        campaign.release("r", 0);
        vm.assertEq(token.balanceOf(issuerWallet), 0);
        vm.assertEq(token.balanceOf(feeRecipient), 0);
    }

    function test_a_release_happens_once() public {
        succeed();
        release();
        vm.expectRevert(wrongStatus(Status.Released));
        vm.prank(operator);
        campaign.release("again", 0);
    }

    function test_nothing_is_released_before_the_close_or_after_a_failure() public {
        vm.expectRevert(wrongStatus(Status.Live));
        vm.prank(operator);
        campaign.release("r", 0);
        fail();
        vm.expectRevert(wrongStatus(Status.Failed));
        vm.prank(operator);
        campaign.release("r", 0);
    }

    function test_tranches_are_released_in_order_and_add_up_to_one_release() public {
        CampaignParams memory wanted = params("tranches", "tranches", address(0x170));
        wanted.tranches = bytes32(uint256(3_333) << 240 | uint256(9_800) << 224 | uint256(10_000) << 208);
        register("tranches", address(0x170));
        campaign = create(wanted);
        fund(alice, campaign);
        invest(alice, 5_555 * ETB + 39 * CENT);
        record(FIAT_ALICE, 2_222 * ETB + 2 * CENT);
        close();
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(ICampaign.WrongTranche.selector, 0));
        campaign.release("r", 1);
        for (uint256 tranche = 0; tranche < 3; ++tranche) {
            isStatus(Status.Succeeded);
            campaign.release("r", tranche);
            vm.assertEq(campaign.releases(), tranche + 1);
            vm.assertTrue(campaign.hasEnded());
            vm.assertEq(registry.getIssuer("tranches").liveCampaign, 0);
            if (tranche < 2) {
                vm.expectRevert(abi.encodeWithSelector(ICampaign.WrongTranche.selector, tranche + 1));
                campaign.release("r", tranche);
            }
        }
        vm.stopPrank();
        isStatus(Status.Released);
        vm.assertEq(escrow.balanceOf(address(campaign)), 0);
        vm.assertEq(token.balanceOf(feeRecipient), campaign.feeOn(5_555 * ETB + 39 * CENT));
        vm.assertEq(token.balanceOf(address(0x170)), 5_555 * ETB + 39 * CENT - token.balanceOf(feeRecipient));
    }

    function test_terms_are_changed_by_an_operator_while_the_campaign_is_live() public {
        bytes32 hash = keccak256("other terms");
        vm.expectRevert(unauthorized(charlie, factory.OPERATOR_ROLE()));
        vm.prank(charlie);
        campaign.changeTerms("t", hash);
        vm.expectEmit(address(campaign));
        emit ICampaign.TermsChanged("t", keccak256("terms"), hash);
        vm.startPrank(operator);
        campaign.changeTerms("t", hash);
        vm.assertEq(campaign.termsHash(), hash);
        vm.assertEq(campaign.terms().termsHash, hash);
        vm.expectRevert(abi.encodeWithSelector(IIntents.IntentAlreadyUsed.selector, bytes32("t")));
        campaign.changeTerms("t", hash);
        vm.expectRevert(ICampaign.TermsHashMissing.selector);
        campaign.changeTerms("u", 0);
        vm.stopPrank();
        succeed();
        vm.expectRevert(wrongStatus(Status.Succeeded));
        vm.prank(operator);
        campaign.changeTerms("u", hash);
    }

    function test_only_an_operator_releases_and_cancels() public {
        bytes memory refusal = unauthorized(charlie, factory.OPERATOR_ROLE());
        vm.startPrank(charlie);
        vm.expectRevert(refusal);
        campaign.release("r", 0);
        vm.expectRevert(refusal);
        campaign.cancel("c");
    }

    function test_a_cancelled_campaign_gives_everything_back() public {
        invest(alice, 4_000 * ETB);
        recordAs("r", FIAT_BOB, 1_000 * ETB);
        vm.expectEmit(address(campaign));
        emit ICampaign.Cancelled("c", 5_000 * ETB);
        vm.prank(operator);
        campaign.cancel("c");
        isStatus(Status.Cancelled);
        vm.assertTrue(campaign.hasEnded());
        vm.assertEq(registry.getIssuer(COMPANY).liveCampaign, 0);
        vm.prank(alice);
        campaign.claimRefund();
        vm.assertEq(token.balanceOf(alice), GOAL);
        vm.prank(recorder);
        campaign.recordRefund("r", FIAT_BOB);
    }

    function test_a_closed_campaign_cannot_be_cancelled() public {
        succeed();
        vm.expectRevert(wrongStatus(Status.Succeeded));
        vm.prank(operator);
        campaign.cancel("c");
    }

    function test_a_refund_relayed_by_a_stranger_pays_the_investor() public {
        fail();
        vm.expectEmit(address(campaign));
        emit ICampaign.Refunded(alice, 4_000 * ETB);
        vm.prank(charlie);
        campaign.refundFor(alice);
        vm.assertEq(token.balanceOf(alice), GOAL);
        vm.assertEq(token.balanceOf(charlie), 0);
        vm.assertEq(campaign.positionOf(alice).amount, 4_000 * ETB);
        vm.assertTrue(campaign.positionOf(alice).refunded);
        vm.assertEq(escrow.balanceOf(address(campaign)), 1_000 * ETB);
    }

    function test_nobody_is_refunded_twice() public {
        fail();
        vm.startPrank(alice);
        campaign.claimRefund();
        vm.expectRevert(ICampaign.NothingToRefund.selector);
        campaign.claimRefund();
        vm.expectRevert(ICampaign.NothingToRefund.selector);
        campaign.refundFor(alice);
    }

    function test_who_did_not_invest_gets_nothing() public {
        fail();
        vm.expectRevert(ICampaign.NothingToRefund.selector);
        vm.prank(charlie);
        campaign.claimRefund();
    }

    function test_nothing_is_refunded_while_live_or_after_a_success() public {
        invest(alice, 4_000 * ETB);
        vm.expectRevert(wrongStatus(Status.Live));
        vm.prank(alice);
        campaign.claimRefund();
        record(FIAT_ALICE, 4_000 * ETB);
        close();
        vm.expectRevert(wrongStatus(Status.Succeeded));
        vm.prank(alice);
        campaign.claimRefund();
        vm.expectRevert(wrongStatus(Status.Succeeded));
        vm.prank(recorder);
        campaign.recordRefund("r", FIAT_ALICE);
    }

    function stateOf(bytes32 paymentRef) private view returns (uint256) {
        return uint256(campaign.recordOf(paymentRef).state);
    }

    function test_the_refund_of_a_payment_is_noted_once() public {
        recordAs("r1", FIAT_ALICE, 500 * ETB);
        recordAs("r2", FIAT_ALICE, 200 * ETB);
        fail();
        vm.expectEmit(address(campaign));
        emit ICampaign.RefundRecorded("r1", FIAT_ALICE, 500 * ETB);
        vm.startPrank(recorder);
        campaign.recordRefund("r1", FIAT_ALICE);
        vm.assertEq(stateOf("r1"), uint256(RecordState.Refunded));
        vm.assertEq(campaign.recordOf("r1").amount, 500 * ETB);
        vm.expectRevert(ICampaign.NothingToRefund.selector);
        campaign.recordRefund("r1", FIAT_ALICE);
        vm.expectRevert(abi.encodeWithSelector(ICampaign.RecordUnknown.selector, bytes32("never")));
        campaign.recordRefund("never", FIAT_ALICE);
        vm.expectRevert(abi.encodeWithSelector(ICampaign.RecordUnknown.selector, bytes32("r2")));
        campaign.recordRefund("r2", FIAT_BOB);
        campaign.recordRefund("r2", FIAT_ALICE);
    }

    function test_the_refund_of_a_cancelled_record_is_not_noted() public {
        recordAs("r1", FIAT_ALICE, 500 * ETB);
        vm.prank(operator);
        campaign.cancelRecord("r1", FIAT_ALICE, 500 * ETB);
        fail();
        vm.expectRevert(ICampaign.NothingToRefund.selector);
        vm.prank(recorder);
        campaign.recordRefund("r1", FIAT_ALICE);
    }

    function refunds(bytes32 first, bytes32 second) private pure returns (RefundRecord[] memory list) {
        list = new RefundRecord[](2);
        list[0] = RefundRecord({paymentRef: first, investorKey: FIAT_ALICE});
        list[1] = RefundRecord({paymentRef: second, investorKey: FIAT_BOB});
    }

    function failWithRecords() private {
        recordAs("r1", FIAT_ALICE, 500 * ETB);
        recordAs("r2", FIAT_BOB, 700 * ETB);
        fail();
    }

    function test_many_fiat_refunds_are_noted_at_once() public {
        failWithRecords();
        vm.expectEmit(address(campaign));
        emit ICampaign.RefundRecorded("r1", FIAT_ALICE, 500 * ETB);
        vm.expectEmit(address(campaign));
        emit ICampaign.RefundRecorded("r2", FIAT_BOB, 700 * ETB);
        vm.startPrank(recorder);
        campaign.recordRefunds(refunds("r1", "r2"));
        vm.assertEq(stateOf("r1"), uint256(RecordState.Refunded));
        vm.assertEq(stateOf("r2"), uint256(RecordState.Refunded));
        vm.expectRevert(ICampaign.NothingToRefund.selector);
        campaign.recordRefund("r2", FIAT_BOB);
    }

    function test_one_bad_refund_is_named_and_none_is_noted() public {
        failWithRecords();
        bytes4 unknown = ICampaign.RecordUnknown.selector;
        refusedRefunds(refunds("r1", "never"), abi.encodeWithSelector(ICampaign.BadRow.selector, 1, unknown));
        refusedRefunds(refunds("r1", "r1"), abi.encodeWithSelector(ICampaign.BadRow.selector, 1, unknown));
        RefundRecord[] memory list = refunds("r1", "r1");
        list[1].investorKey = FIAT_ALICE;
        bytes4 nothing = ICampaign.NothingToRefund.selector;
        refusedRefunds(list, abi.encodeWithSelector(ICampaign.BadRow.selector, 1, nothing));
        vm.assertEq(stateOf("r1"), uint256(RecordState.Recorded));
    }

    function refusedRefunds(RefundRecord[] memory list, bytes memory refusal) private {
        vm.expectRevert(refusal);
        vm.prank(recorder);
        campaign.recordRefunds(list);
    }

    function test_a_batch_of_refunds_has_1_to_200_rows() public {
        fail();
        for (uint256 size = 0; size <= 201; size += 201) {
            bytes memory refusal = abi.encodeWithSelector(ICampaign.BatchSizeInvalid.selector, size);
            refusedRefunds(new RefundRecord[](size), refusal);
        }
    }

    function test_a_batch_of_refunds_is_for_recorders_of_campaigns_without_success() public {
        recordAs("r1", FIAT_ALICE, 500 * ETB);
        recordAs("r2", FIAT_BOB, 700 * ETB);
        RefundRecord[] memory list = refunds("r1", "r2");
        vm.expectRevert(unauthorized(operator, factory.RECORDER_ROLE()));
        vm.prank(operator);
        campaign.recordRefunds(list);
        refusedRefunds(list, wrongStatus(Status.Live));
    }

    function test_only_a_recorder_notes_fiat_refunds() public {
        vm.expectRevert(unauthorized(operator, factory.RECORDER_ROLE()));
        vm.prank(operator);
        campaign.recordRefund("r", FIAT_ALICE);
    }

    function test_a_registry_that_refuses_the_unlock_holds_up_no_money() public {
        invest(alice, 4_000 * ETB);
        bytes32 role = registry.FACTORY_ROLE();
        vm.prank(admin);
        registry.revokeRole(role, address(factory));
        vm.expectEmit(address(campaign));
        emit ICampaign.LockNotFreed("campaign");
        cancel();
        campaign.refundFor(alice);
        vm.assertEq(registry.getIssuer(COMPANY).liveCampaign, "campaign");

        vm.prank(admin);
        registry.grantRole(role, address(factory));
        factory.freeLock("campaign");
        vm.assertEq(registry.getIssuer(COMPANY).liveCampaign, 0);
    }

    function closeConfirmed(uint256 fiatSettled) private {
        vm.prank(operator);
        campaign.closeConfirmed("c", fiatSettled);
    }

    function test_fiat_that_the_operator_does_not_confirm_makes_no_success() public {
        invest(alice, 6_000 * ETB);
        record(FIAT_ALICE, 4_000 * ETB);
        vm.warp(DEADLINE + 1);
        vm.expectEmit(address(campaign));
        emit ICampaign.FiatNotConfirmed("c", 2_500 * ETB + CENT);
        vm.expectEmit(address(campaign));
        emit ICampaign.Closed("c", false, THRESHOLD - CENT);
        closeConfirmed(1_500 * ETB - CENT);
        vm.assertEq(campaign.fiatTotal(), 1_500 * ETB - CENT);
        campaign.refundFor(alice);
        vm.assertEq(token.balanceOf(alice), GOAL);
    }

    function test_an_operator_confirms_no_more_than_was_recorded() public {
        invest(alice, 6_000 * ETB);
        record(FIAT_ALICE, 1_000 * ETB);
        vm.warp(DEADLINE + 1);
        vm.recordLogs();
        closeConfirmed(GOAL);
        vm.assertEq(uint256(vm.getRecordedLogs().length), 2); // Closed, and the registry's LockReleased
        isStatus(Status.Failed);
        vm.assertEq(campaign.fiatTotal(), 1_000 * ETB);
    }

    function test_a_release_states_the_confirmed_fiat_alone() public {
        invest(alice, 6_000 * ETB);
        record(FIAT_ALICE, 4_000 * ETB);
        vm.warp(DEADLINE + 1);
        closeConfirmed(2_000 * ETB);
        vm.expectEmit(address(campaign));
        emit ICampaign.FiatReleased("r", 1_950 * ETB, 50 * ETB);
        vm.prank(operator);
        campaign.release("r", 0);
    }

    function test_a_confirmed_close_obeys_the_rules_of_every_close() public {
        invest(alice, 6_000 * ETB);
        record(FIAT_ALICE, 1_500 * ETB);
        vm.expectRevert(unauthorized(charlie, factory.OPERATOR_ROLE()));
        vm.prank(charlie);
        campaign.closeConfirmed("c", GOAL);
        vm.startPrank(operator);
        vm.expectRevert(ICampaign.CloseTooEarly.selector);
        campaign.closeConfirmed("c", 1_000 * ETB);
        vm.expectRevert(ICampaign.NotGranular.selector);
        campaign.closeConfirmed("c", 1_500 * ETB + 1);
        campaign.closeConfirmed("c", 1_500 * ETB);
        vm.expectRevert(wrongStatus(Status.Succeeded));
        campaign.closeConfirmed("d", 1_500 * ETB);
    }

    address private constant NEW_WALLET = address(0x1551);

    function propose(address wallet) private {
        bytes32 intentId = id();
        vm.prank(operator);
        campaign.proposeIssuerWallet(intentId, wallet);
    }

    function test_operator_and_admin_together_redirect_a_release() public {
        succeed();
        vm.expectEmit(address(campaign));
        emit ICampaign.IssuerWalletProposed("p", NEW_WALLET);
        vm.prank(operator);
        campaign.proposeIssuerWallet("p", NEW_WALLET);
        vm.assertEq(campaign.issuerWallet(), issuerWallet);
        vm.expectEmit(address(campaign));
        emit ICampaign.IssuerWalletChanged("q", issuerWallet, NEW_WALLET);
        vm.prank(admin);
        campaign.confirmIssuerWallet("q", NEW_WALLET);
        vm.assertEq(campaign.proposedWallet(), address(0));
        release();
        vm.assertEq(token.balanceOf(NEW_WALLET), 5_850 * ETB);
        vm.assertEq(token.balanceOf(issuerWallet), 0);
    }

    function test_neither_role_redirects_alone_and_nobody_else() public {
        bytes32 operatorRole = factory.OPERATOR_ROLE();
        vm.prank(admin);
        vm.expectRevert(unauthorized(admin, operatorRole));
        campaign.proposeIssuerWallet("p", NEW_WALLET);
        propose(NEW_WALLET);
        vm.prank(operator);
        vm.expectRevert(unauthorized(operator, 0));
        campaign.confirmIssuerWallet("q", NEW_WALLET);
        vm.prank(issuerWallet);
        vm.expectRevert(unauthorized(issuerWallet, 0));
        campaign.confirmIssuerWallet("q", NEW_WALLET);
        vm.assertEq(campaign.issuerWallet(), issuerWallet);
    }

    function test_only_the_wallet_that_was_proposed_is_confirmed_and_once() public {
        propose(NEW_WALLET);
        propose(address(0x1552));
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(ICampaign.WalletNotProposed.selector, NEW_WALLET));
        campaign.confirmIssuerWallet("q", NEW_WALLET);
        campaign.confirmIssuerWallet("q", address(0x1552));
        vm.expectRevert(abi.encodeWithSelector(ICampaign.WalletNotProposed.selector, address(0x1552)));
        campaign.confirmIssuerWallet("r", address(0x1552));
    }

    function test_the_intents_of_a_redirection_are_spent() public {
        propose(NEW_WALLET);
        record(FIAT_ALICE, 100 * ETB);
        vm.startPrank(operator);
        campaign.proposeIssuerWallet("p", NEW_WALLET);
        bytes memory used = abi.encodeWithSelector(IIntents.IntentAlreadyUsed.selector, bytes32("p"));
        vm.expectRevert(used);
        campaign.proposeIssuerWallet("p", NEW_WALLET);
        vm.stopPrank();
        vm.prank(admin);
        vm.expectRevert(used);
        campaign.confirmIssuerWallet("p", NEW_WALLET);
    }

    function test_a_release_is_never_redirected_to_a_contract_of_ours() public {
        address[7] memory ours = [
            address(0),
            address(factory),
            address(registry),
            address(escrow),
            factory.implementation(),
            address(token),
            address(campaign)
        ];
        for (uint256 i = 0; i < ours.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ICampaign.WalletNotAllowed.selector, ours[i]));
            vm.prank(operator);
            campaign.proposeIssuerWallet("p", ours[i]);
        }
        // What became one of ours since the proposal is refused as well.
        propose(NEW_WALLET);
        vm.startPrank(admin);
        factory.allowToken(NEW_WALLET, true);
        vm.expectRevert(abi.encodeWithSelector(ICampaign.WalletNotAllowed.selector, NEW_WALLET));
        campaign.confirmIssuerWallet("q", NEW_WALLET);
    }

    function test_a_campaign_that_has_ended_is_not_redirected() public {
        propose(NEW_WALLET);
        fail();
        vm.expectRevert(wrongStatus(Status.Failed));
        vm.prank(operator);
        campaign.proposeIssuerWallet("p", NEW_WALLET);
        vm.expectRevert(wrongStatus(Status.Failed));
        vm.prank(admin);
        campaign.confirmIssuerWallet("q", NEW_WALLET);
    }
}
