// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Admission, FiatRecord, ICampaign, Record, RecordState, Status} from "../src/interfaces/ICampaign.sol";
import {ICampaignFactory} from "../src/interfaces/ICampaignFactory.sol";
import {IIntents} from "../src/interfaces/IIntents.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract CampaignMoneyInTest is Fixture {
    function refusedInvestment(address investor, uint256 amount, bytes4 selector) private {
        vm.expectRevert(selector);
        vm.prank(investor);
        campaign.invest(admitted(campaign, investor, "i", amount));
    }

    function refusedRecord(bytes32 key, uint256 amount, bytes4 selector) private {
        vm.expectRevert(selector);
        vm.prank(recorder);
        campaign.recordInvestment("r", key, amount);
    }

    function refusedRow(Record[] memory list, uint256 index, bytes4 reason) private {
        vm.expectRevert(abi.encodeWithSelector(ICampaign.BadRow.selector, index, reason));
        vm.prank(recorder);
        campaign.recordInvestments(list);
        vm.assertEq(campaign.total(), 0);
    }

    function permit(uint256 amount) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 hash = keccak256(abi.encode(typehash, alice, address(campaign), amount, token.nonces(alice), DEADLINE));
        return vm.sign(ALICE_KEY, keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), hash)));
    }

    function test_an_investment_moves_tokens_into_the_escrow_account() public {
        vm.expectEmit(address(campaign));
        emit ICampaign.Invested("i", alice, 500 * ETB, 500 * ETB);
        vm.prank(alice);
        campaign.invest(admitted(campaign, alice, "i", 500 * ETB));

        vm.assertEq(token.balanceOf(alice), GOAL - 500 * ETB);
        vm.assertEq(escrow.balanceOf(address(campaign)), 500 * ETB);
        vm.assertEq(campaign.positionOf(alice).amount, 500 * ETB);
        vm.assertEq(campaign.tokenTotal(), 500 * ETB);
        vm.assertEq(campaign.fiatTotal(), 0);
        vm.assertEq(everIn(campaign, alice), 500 * ETB);
        vm.assertFalse(campaign.intentUsed("i"));
    }

    function test_a_payment_is_recorded_without_moving_tokens() public {
        vm.expectEmit(address(campaign));
        emit ICampaign.InvestmentRecorded("r", FIAT_ALICE, 500 * ETB, 500 * ETB);
        vm.prank(recorder);
        campaign.recordInvestment("r", FIAT_ALICE, 500 * ETB);

        isRecorded("r", RecordState.Recorded, FIAT_ALICE, 500 * ETB);
        vm.assertTrue(campaign.intentUsed("r"));
        vm.assertEq(campaign.fiatTotal(), 500 * ETB);
        vm.assertEq(campaign.tokenTotal(), 0);
        vm.assertEq(escrow.balanceOf(address(campaign)), 0);
    }

    function isRecorded(bytes32 ref, RecordState state, bytes32 key, uint256 amount) private view {
        FiatRecord memory row = campaign.recordOf(ref);
        vm.assertEq(row.amount, amount);
        vm.assertEq(uint256(row.state), uint256(state));
        vm.assertEq(bytes32(row.investorTag), bytes32(bytes19(key)));
    }

    function test_token_and_fiat_money_share_the_goal() public {
        invest(alice, 6_000 * ETB);
        record(FIAT_BOB, 4_000 * ETB);
        vm.assertEq(campaign.total(), GOAL);
        refusedInvestment(bob, 100 * ETB, ICampaign.AboveGoal.selector);
        refusedRecord(FIAT_ALICE, 100 * ETB, ICampaign.AboveGoal.selector);
    }

    function test_a_signed_approval_is_enough() public {
        vm.prank(alice);
        token.approve(address(campaign), 0);
        (uint8 v, bytes32 r, bytes32 s) = permit(500 * ETB);
        vm.prank(alice);
        campaign.investWithPermit(admitted(campaign, alice, "i", 500 * ETB), DEADLINE, v, r, s);
        vm.assertEq(campaign.positionOf(alice).amount, 500 * ETB);
    }

    function test_a_signed_approval_handed_in_by_a_stranger_first_does_no_harm() public {
        vm.prank(alice);
        token.approve(address(campaign), 0);
        (uint8 v, bytes32 r, bytes32 s) = permit(500 * ETB);
        vm.prank(charlie);
        token.permit(alice, address(campaign), 500 * ETB, DEADLINE, v, r, s);
        vm.prank(alice);
        campaign.investWithPermit(admitted(campaign, alice, "i", 500 * ETB), DEADLINE, v, r, s);
        vm.assertEq(campaign.positionOf(alice).amount, 500 * ETB);
    }

    function test_a_wrong_signature_moves_nothing() public {
        vm.prank(alice);
        token.approve(address(campaign), 0);
        (uint8 v, bytes32 r, bytes32 s) = permit(500 * ETB);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(campaign), 0, 600 * ETB)
        );
        vm.prank(alice);
        campaign.investWithPermit(admitted(campaign, alice, "i", 600 * ETB), DEADLINE, v, r, s);
    }

    function refusedAdmission(Admission memory admission, bytes memory refusal) private {
        vm.startPrank(alice);
        vm.expectRevert(refusal);
        campaign.invest(admission);
        vm.expectRevert(refusal);
        campaign.investWithPermit(admission, DEADLINE, 0, 0, 0);
        vm.stopPrank();
        vm.assertEq(campaign.total(), 0);
    }

    function notAdmitted() private view returns (bytes memory) {
        return abi.encodeWithSelector(ICampaign.NotAdmitted.selector, alice);
    }

    function test_an_admission_of_anybody_but_an_operator_is_none() public {
        refusedAdmission(admittedBy(ALICE_KEY, campaign, alice, "i", 500 * ETB, FOREVER), notAdmitted());
    }

    function test_an_admission_of_an_operator_who_has_lost_the_role_is_none() public {
        Admission memory admission = admitted(campaign, alice, "i", 500 * ETB);
        bytes32 role = factory.OPERATOR_ROLE();
        vm.prank(admin);
        factory.revokeRole(role, operator);
        refusedAdmission(admission, notAdmitted());
    }

    function test_a_signature_that_is_none_is_no_admission_even_if_nobody_holds_the_role() public {
        bytes32 role = factory.OPERATOR_ROLE();
        vm.prank(admin);
        factory.grantRole(role, address(0));
        refusedAdmission(Admission("i", 500 * ETB, FOREVER, 0, ""), notAdmitted());
        refusedAdmission(Admission("i", 500 * ETB, FOREVER, 0, new bytes(65)), notAdmitted());
    }

    function test_an_admission_is_for_one_investor_one_campaign_one_amount_and_one_intent() public {
        refusedAdmission(admitted(campaign, bob, "i", 500 * ETB), notAdmitted());
        refusedAdmission(admitted(createOther(), alice, "i", 500 * ETB), notAdmitted());
        Admission memory admission = admitted(campaign, alice, "i", 500 * ETB);
        admission.amount += CENT;
        refusedAdmission(admission, notAdmitted());
        admission.amount -= CENT;
        admission.intentId = "j";
        refusedAdmission(admission, notAdmitted());
        admission.intentId = "i";
        admission.validUntil -= 1;
        refusedAdmission(admission, notAdmitted());
        admission.validUntil += 1;
        admission.already = 1;
        refusedAdmission(admission, notAdmitted());
    }

    function test_an_admission_is_good_for_one_investment() public {
        Admission memory admission = admitted(campaign, alice, "i", 500 * ETB);
        vm.startPrank(alice);
        campaign.invest(admission);
        vm.expectRevert(abi.encodeWithSelector(ICampaign.AdmissionUsed.selector, 500 * ETB));
        campaign.invest(admission);
        vm.assertEq(campaign.total(), 500 * ETB);
    }

    function test_of_two_admissions_that_were_signed_together_one_works() public {
        Admission memory first = admitted(campaign, alice, "i", 500 * ETB);
        Admission memory second = admitted(campaign, alice, "j", 300 * ETB);
        vm.startPrank(alice);
        campaign.invest(second);
        vm.expectRevert(abi.encodeWithSelector(ICampaign.AdmissionUsed.selector, 300 * ETB));
        campaign.invest(first);
        vm.stopPrank();
        invest(alice, 500 * ETB); // signed again
        vm.assertEq(campaign.positionOf(alice).amount, 800 * ETB);
    }

    function test_an_admission_of_another_chain_is_none() public {
        Admission memory admission = admitted(campaign, alice, "i", 500 * ETB);
        vm.chainId(1);
        refusedAdmission(admission, notAdmitted());
    }

    function test_an_admission_ends_at_its_second() public {
        Admission memory admission = admittedBy(OPERATOR_KEY, campaign, alice, "i", 500 * ETB, START + 900);
        vm.warp(START + 901);
        refusedAdmission(admission, abi.encodeWithSelector(ICampaign.AdmissionExpired.selector, START + 900));
        vm.warp(START + 900);
        vm.prank(alice);
        campaign.invest(admission);
        vm.assertEq(campaign.tokenTotal(), 500 * ETB);
    }

    function test_the_domain_of_an_admission_is_that_of_the_clone() public view {
        (, string memory name, string memory version, uint256 chainId, address verifying,,) = campaign.eip712Domain();
        vm.assertEq(name, "crowdfund campaign");
        vm.assertEq(version, "1");
        vm.assertEq(chainId, block.chainid);
        vm.assertEq(verifying, address(campaign));
    }

    function cap(uint96 cents) private {
        vm.prank(admin);
        factory.setRecorderCap(cents);
    }

    function test_a_recorder_records_no_more_than_the_cap_of_a_day() public {
        cap(30_000);
        record(FIAT_ALICE, 200 * ETB);
        refusedRecord(FIAT_BOB, 100 * ETB + CENT, ICampaignFactory.RecorderCapReached.selector);
        record(FIAT_BOB, 100 * ETB);
        refusedRecord(FIAT_ALICE, CENT, ICampaignFactory.RecorderCapReached.selector);
        vm.warp((START / 1 days + 1) * 1 days - 1);
        refusedRecord(FIAT_ALICE, CENT, ICampaignFactory.RecorderCapReached.selector);
        vm.warp((START / 1 days + 1) * 1 days);
        record(FIAT_ALICE, 300 * ETB);
    }

    function test_the_cap_is_one_for_all_campaigns_and_each_recorder_has_its_own() public {
        cap(30_000);
        record(FIAT_ALICE, 200 * ETB);
        campaign = createOther();
        refusedRecord(FIAT_ALICE, 200 * ETB, ICampaignFactory.RecorderCapReached.selector);
        bytes32 role = factory.RECORDER_ROLE();
        recorder = address(0x4f);
        vm.prank(admin);
        factory.grantRole(role, recorder);
        record(FIAT_ALICE, 200 * ETB);
    }

    function test_the_row_of_a_batch_that_would_pass_the_cap_is_named() public {
        cap(30_000);
        refusedRow(rows(4), 3, ICampaignFactory.RecorderCapReached.selector);
        Record[] memory list = rows(3);
        vm.prank(recorder);
        campaign.recordInvestments(list);
        vm.assertEq(factory.recorderRoom(recorder), 0);
    }

    function test_an_operator_lets_one_recorder_record_more_today() public {
        cap(30_000);
        record(FIAT_ALICE, 300 * ETB);
        vm.prank(operator);
        factory.raiseRecorderCap("raise", recorder, 10_000);
        record(FIAT_ALICE, 100 * ETB);
        refusedRecord(FIAT_ALICE, CENT, ICampaignFactory.RecorderCapReached.selector);
        vm.warp(START + 1 days);
        vm.assertEq(factory.recorderRoom(recorder), 30_000);
    }

    function test_a_cap_that_is_lowered_below_what_was_recorded_leaves_no_room() public {
        record(FIAT_ALICE, 300 * ETB);
        cap(10_000);
        vm.assertEq(factory.recorderRoom(recorder), 0);
        refusedRecord(FIAT_ALICE, CENT, ICampaignFactory.RecorderCapReached.selector);
    }

    function test_amounts_are_whole_cents_and_not_zero() public {
        refusedInvestment(alice, 0, ICampaign.NotGranular.selector);
        refusedInvestment(alice, 100 * ETB + 1, ICampaign.NotGranular.selector);
        refusedRecord(FIAT_ALICE, 0, ICampaign.NotGranular.selector);
        refusedRecord(FIAT_ALICE, 100 * ETB + CENT - 1, ICampaign.NotGranular.selector);
    }

    function test_minimum_and_maximum_count_the_investors_sum() public {
        refusedInvestment(alice, 100 * ETB - CENT, ICampaign.BelowMinimum.selector);
        invest(alice, 100 * ETB);
        invest(alice, CENT);
        refusedInvestment(alice, 5_900 * ETB, ICampaign.AboveMaximum.selector);
        invest(alice, 5_900 * ETB - CENT);
    }

    function test_the_investors_sum_of_payments_is_the_platforms_to_check() public {
        record(FIAT_BOB, 50 * ETB);
        record(FIAT_BOB, CENT);
        refusedRecord(FIAT_BOB, 6_000 * ETB + CENT, ICampaign.AboveMaximum.selector);
        record(FIAT_BOB, 6_000 * ETB);
        refusedRecord(FIAT_BOB, 6_000 * ETB, ICampaign.AboveGoal.selector);
    }

    function test_less_than_the_minimum_is_taken_if_it_is_all_the_room() public {
        invest(alice, 6_000 * ETB);
        record(FIAT_ALICE, 3_950 * ETB);
        refusedInvestment(bob, 50 * ETB - CENT, ICampaign.BelowMinimum.selector);
        invest(bob, 50 * ETB);
        vm.assertEq(campaign.total(), GOAL);
    }

    function test_a_payment_needs_an_investor_key_and_a_reference() public {
        refusedRecord(0, 100 * ETB, ICampaign.InvestorKeyMissing.selector);
        vm.expectRevert(IIntents.IntentMissing.selector);
        vm.prank(recorder);
        campaign.recordInvestment(0, FIAT_ALICE, 100 * ETB);
        refusedRow(withRow(0, FIAT_ALICE, 100 * ETB), 1, IIntents.IntentMissing.selector);
        refusedRow(withRow("r", 0, 100 * ETB), 1, ICampaign.InvestorKeyMissing.selector);
    }

    /// @dev Three rows of which the second is given.
    function withRow(bytes32 ref, bytes32 key, uint256 amount) private returns (Record[] memory list) {
        list = rows(3);
        list[1] = Record({paymentRef: ref, investorKey: key, amount: amount});
    }

    function test_one_bad_row_refuses_the_batch_and_is_named() public {
        refusedRow(withRow("r", FIAT_ALICE, 100 * ETB + 1), 1, ICampaign.NotGranular.selector);
        refusedRow(withRow("r", FIAT_ALICE, 6_001 * ETB), 1, ICampaign.AboveMaximum.selector);
        refusedRow(withRow("r", FIAT_ALICE, GOAL), 1, ICampaign.AboveGoal.selector);
    }

    function test_a_batch_cannot_name_a_reference_twice() public {
        Record[] memory list = rows(3);
        list[2].paymentRef = list[0].paymentRef;
        refusedRow(list, 2, IIntents.IntentAlreadyUsed.selector);
    }

    function test_a_batch_counts_towards_the_goal_as_it_goes() public {
        Record[] memory list = rows(2);
        list[0].amount = 6_000 * ETB;
        list[1].amount = 4_000 * ETB + CENT;
        refusedRow(list, 1, ICampaign.AboveGoal.selector);
    }

    function test_a_batch_has_one_to_two_hundred_rows() public {
        Record[] memory list = rows(201);
        for (uint256 i = 0; i < 201; ++i) {
            list[i].investorKey = FIAT_ALICE;
            list[i].amount = i == 0 ? 100 * ETB : CENT;
        }
        vm.startPrank(recorder);
        vm.expectRevert(abi.encodeWithSelector(ICampaign.BatchSizeInvalid.selector, 201));
        campaign.recordInvestments(list);
        vm.expectRevert(abi.encodeWithSelector(ICampaign.BatchSizeInvalid.selector, 0));
        campaign.recordInvestments(new Record[](0));
        assembly ("memory-safe") {
            mstore(list, 200)
        }
        campaign.recordInvestments(list);
        vm.assertEq(campaign.fiatTotal(), 100 * ETB + 199 * CENT);
    }

    function test_every_row_of_a_batch_is_announced_with_the_running_total() public {
        Record[] memory list = rows(2);
        invest(alice, 100 * ETB);
        vm.expectEmit(address(campaign));
        emit ICampaign.InvestmentRecorded(list[0].paymentRef, list[0].investorKey, 100 * ETB, 200 * ETB);
        vm.expectEmit(address(campaign));
        emit ICampaign.InvestmentRecorded(list[1].paymentRef, list[1].investorKey, 100 * ETB, 300 * ETB);
        vm.prank(recorder);
        campaign.recordInvestments(list);
    }

    function test_only_a_recorder_records() public {
        bytes memory refusal = unauthorized(operator, factory.RECORDER_ROLE());
        Record[] memory list = rows(1);
        vm.startPrank(operator);
        vm.expectRevert(refusal);
        campaign.recordInvestment("r", FIAT_ALICE, 100 * ETB);
        vm.expectRevert(refusal);
        campaign.recordInvestments(list);
    }

    function test_tokens_come_in_until_the_second_of_the_deadline() public {
        vm.warp(DEADLINE);
        invest(alice, 100 * ETB);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(abi.encodeWithSelector(ICampaign.DeadlinePassed.selector, DEADLINE));
        vm.prank(alice);
        campaign.invest(admitted(campaign, alice, "i", 100 * ETB));
    }

    function test_payments_are_recorded_until_the_second_of_the_grace() public {
        vm.warp(DEADLINE + GRACE);
        record(FIAT_ALICE, 100 * ETB);
        vm.warp(DEADLINE + GRACE + 1);
        refusedLate();
    }

    function refusedLate() private {
        Record[] memory list = rows(1);
        bytes memory refusal = abi.encodeWithSelector(ICampaign.DeadlinePassed.selector, DEADLINE + GRACE);
        vm.startPrank(recorder);
        vm.expectRevert(refusal);
        campaign.recordInvestment("r", FIAT_ALICE, 100 * ETB);
        vm.expectRevert(refusal);
        campaign.recordInvestments(list);
        vm.stopPrank();
    }

    function test_no_money_comes_in_after_the_close() public {
        invest(alice, 6_000 * ETB);
        record(FIAT_ALICE, 2_000 * ETB);
        close();
        bytes memory refusal = abi.encodeWithSelector(ICampaign.WrongStatus.selector, Status.Succeeded);
        vm.expectRevert(refusal);
        vm.prank(bob);
        campaign.invest(admitted(campaign, bob, "i", 100 * ETB));
        vm.expectRevert(refusal);
        vm.prank(recorder);
        campaign.recordInvestment("r", FIAT_ALICE, 100 * ETB);
    }

    function test_a_cancelled_record_leaves_the_totals_and_frees_its_room() public {
        recordAs("first", FIAT_ALICE, 4_000 * ETB);
        recordAs("second", FIAT_ALICE, 1_000 * ETB);
        recordAs("other", FIAT_BOB, 5_000 * ETB);
        vm.expectEmit(address(campaign));
        emit ICampaign.RecordCancelled("first", FIAT_ALICE, 4_000 * ETB, 6_000 * ETB);
        vm.prank(operator);
        campaign.cancelRecord("first", FIAT_ALICE, 4_000 * ETB);
        vm.assertEq(campaign.fiatTotal(), 6_000 * ETB);
        isRecorded("first", RecordState.Cancelled, FIAT_ALICE, 4_000 * ETB);
        recordAs("again", FIAT_ALICE, 4_000 * ETB);
        vm.assertEq(campaign.total(), GOAL);
    }

    function test_a_record_is_cancelled_once() public {
        recordAs("first", FIAT_ALICE, 1_000 * ETB);
        recordAs("second", FIAT_ALICE, 1_000 * ETB);
        vm.startPrank(operator);
        campaign.cancelRecord("first", FIAT_ALICE, 1_000 * ETB);
        vm.expectRevert(abi.encodeWithSelector(IIntents.IntentAlreadyUsed.selector, bytes32("first")));
        campaign.cancelRecord("first", FIAT_ALICE, 1_000 * ETB);
        campaign.cancelRecord("second", FIAT_ALICE, 1_000 * ETB);
        vm.assertEq(campaign.total(), 0);
    }

    function test_a_cancelled_record_cannot_be_recorded_again_under_its_reference() public {
        recordAs("first", FIAT_ALICE, 1_000 * ETB);
        vm.prank(operator);
        campaign.cancelRecord("first", FIAT_ALICE, 1_000 * ETB);
        vm.expectRevert(abi.encodeWithSelector(IIntents.IntentAlreadyUsed.selector, bytes32("first")));
        recordAs("first", FIAT_ALICE, 1_000 * ETB);
    }

    function test_what_was_not_recorded_cannot_be_cancelled() public {
        recordAs("first", FIAT_ALICE, 1_000 * ETB);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(ICampaign.RecordUnknown.selector, bytes32("never")));
        campaign.cancelRecord("never", FIAT_ALICE, 1_000 * ETB);
        bytes memory refusal = abi.encodeWithSelector(ICampaign.RecordDiffers.selector, bytes32("first"));
        vm.expectRevert(refusal);
        campaign.cancelRecord("first", FIAT_BOB, 1_000 * ETB);
        vm.expectRevert(refusal);
        campaign.cancelRecord("first", FIAT_ALICE, 1_000 * ETB + CENT);
        vm.expectRevert(refusal);
        campaign.cancelRecord("first", FIAT_ALICE, 0);
        vm.assertEq(campaign.total(), 1_000 * ETB);
    }

    function test_only_an_operator_cancels_a_record_and_only_while_the_campaign_is_live() public {
        recordAs("first", FIAT_ALICE, 4_000 * ETB);
        vm.expectRevert(unauthorized(recorder, factory.OPERATOR_ROLE()));
        vm.prank(recorder);
        campaign.cancelRecord("first", FIAT_ALICE, 4_000 * ETB);
        recordAs("second", FIAT_BOB, 4_000 * ETB);
        close();
        vm.expectRevert(abi.encodeWithSelector(ICampaign.WrongStatus.selector, Status.Succeeded));
        vm.prank(operator);
        campaign.cancelRecord("first", FIAT_ALICE, 4_000 * ETB);
    }

    function test_a_record_is_cancelled_although_the_escrow_is_paused() public {
        recordAs("first", FIAT_ALICE, 4_000 * ETB);
        vm.prank(pauser);
        escrow.pause();
        vm.prank(operator);
        campaign.cancelRecord("first", FIAT_ALICE, 4_000 * ETB);
        vm.assertEq(campaign.total(), 0);
    }
}
