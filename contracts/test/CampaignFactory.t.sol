// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CampaignFactory} from "../src/CampaignFactory.sol";
import {CampaignImplementation} from "../src/CampaignImplementation.sol";
import {SeparatedRoles} from "../src/SeparatedRoles.sol";
import {CampaignParams, ICampaign, Status} from "../src/interfaces/ICampaign.sol";
import {ICampaignFactory} from "../src/interfaces/ICampaignFactory.sol";
import {IIntents} from "../src/interfaces/IIntents.sol";
import {IIssuerRegistry} from "../src/interfaces/IIssuerRegistry.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract CampaignFactoryTest is Fixture {
    address private wallet = address(0x157);

    function setUp() public override {
        super.setUp();
        register("new company", wallet);
    }

    function wanted() private view returns (CampaignParams memory) {
        return params("new campaign", "new company", wallet);
    }

    function refused(CampaignParams memory bad, bytes memory refusal) private {
        vm.expectRevert(refusal);
        vm.prank(operator);
        factory.createCampaign("i", bad);
    }

    function invalid(CampaignParams memory bad, bytes32 field) private {
        refused(bad, abi.encodeWithSelector(ICampaign.ParamInvalid.selector, field));
    }

    function test_a_campaign_starts_live_at_its_predicted_address() public {
        address predicted = factory.predict(wanted());
        vm.assertEq(predicted.code.length, 0);
        vm.expectEmit(address(factory));
        emit ICampaignFactory.CampaignCreated("new campaign", "new company", predicted, "i");
        vm.prank(operator);
        vm.assertEq(factory.createCampaign("i", wanted()), predicted);

        vm.assertEq(factory.campaignOf("new campaign"), predicted);
        vm.assertEq(uint256(ICampaign(predicted).status()), uint256(Status.Live));
        vm.assertEq(keccak256(abi.encode(ICampaign(predicted).terms())), keccak256(abi.encode(wanted())));
        vm.assertEq(escrow.tokenOf(predicted), address(token));
        vm.assertEq(registry.getIssuer("new company").liveCampaign, "new campaign");
        vm.assertEq(registry.getIssuer("new company").lastStartYear, 2026);
    }

    function test_a_campaign_tells_its_terms_one_by_one() public {
        CampaignParams memory terms = wanted();
        CampaignImplementation made = create(terms);
        vm.assertEq(made.campaignId(), terms.campaignId);
        vm.assertEq(made.issuerId(), terms.issuerId);
        vm.assertEq(made.token(), terms.token);
        vm.assertEq(uint256(made.deadline()), terms.deadline);
        vm.assertEq(made.termsHash(), terms.termsHash);
        vm.assertEq(made.issuerWallet(), terms.issuerWallet);
    }

    function test_only_an_operator_creates_campaigns() public {
        vm.expectRevert(unauthorized(admin, factory.OPERATOR_ROLE()));
        vm.prank(admin);
        factory.createCampaign("i", wanted());
    }

    function test_an_intent_creates_one_campaign() public {
        vm.startPrank(operator);
        factory.createCampaign("i", wanted());
        registry.registerIssuer("r", "third", address(0x158), "vc", "documents");
        vm.expectRevert(abi.encodeWithSelector(IIntents.IntentAlreadyUsed.selector, bytes32("i")));
        factory.createCampaign("i", params("third campaign", "third", address(0x158)));
    }

    function test_a_campaign_id_is_used_once_and_never_zero() public {
        CampaignParams memory bad = wanted();
        bad.campaignId = "campaign";
        refused(bad, abi.encodeWithSelector(ICampaignFactory.CampaignExists.selector, bytes32("campaign")));
        bad.campaignId = 0;
        refused(bad, abi.encodeWithSelector(ICampaignFactory.CampaignMissing.selector));
    }

    function test_a_token_outside_the_allow_list_is_refused() public {
        vm.prank(admin);
        factory.allowToken(address(token), false);
        refused(wanted(), abi.encodeWithSelector(ICampaignFactory.TokenNotAllowed.selector, address(token)));
    }

    function test_a_wallet_other_than_the_registered_one_is_refused() public {
        CampaignParams memory bad = wanted();
        bad.issuerWallet = charlie;
        refused(bad, abi.encodeWithSelector(ICampaignFactory.WalletMismatch.selector, charlie, wallet));
    }

    function test_the_registrys_reason_is_passed_on() public {
        bytes4 selector = IIssuerRegistry.CannotStartCampaign.selector;
        CampaignParams memory bad = params("new campaign", "nobody", wallet);
        refused(bad, abi.encodeWithSelector(selector, bytes32("nobody"), bytes32("not_registered")));
        bad = params("new campaign", COMPANY, issuerWallet);
        refused(bad, abi.encodeWithSelector(selector, COMPANY, bytes32("live_campaign")));
    }

    function test_terms_that_make_no_sense_are_refused() public {
        CampaignParams memory bad = wanted();
        bad.granularity = 0;
        invalid(bad, "granularity");
        bad.granularity = uint256(type(uint64).max) + 1;
        invalid(bad, "granularity");
        bad = wanted();
        bad.minInvestment = bad.maxInvestment + CENT;
        invalid(bad, "minInvestment");
        bad.minInvestment = CENT + 1;
        invalid(bad, "minInvestment");
        bad = wanted();
        bad.minInvestment = 0;
        bad.maxInvestment = 0;
        invalid(bad, "maxInvestment");
        bad.maxInvestment = GOAL + CENT;
        invalid(bad, "maxInvestment");
        bad.maxInvestment = CENT + 1;
        invalid(bad, "maxInvestment");
        bad = wanted();
        bad.deadline = uint64(START);
        invalid(bad, "deadline");
        bad.deadline = uint64(type(uint40).max) + 1;
        invalid(bad, "deadline");
        bad = wanted();
        bad.thresholdBps = 0;
        invalid(bad, "thresholdBps");
        bad.thresholdBps = 10_001;
        invalid(bad, "thresholdBps");
    }

    function test_a_goal_of_zero_or_out_of_range_is_refused() public {
        CampaignParams memory bad = wanted();
        bad.goal = 0;
        invalid(bad, "goal");
        bad.goal = GOAL + 1;
        invalid(bad, "goal");
        bad.goal = (uint256(type(uint96).max) / CENT + 1) * CENT;
        invalid(bad, "goal");
    }

    function shares(uint16[] memory list) private pure returns (bytes32 packed) {
        for (uint256 i = 0; i < list.length; ++i) {
            packed |= bytes32(uint256(list[i]) << (240 - 16 * i));
        }
    }

    function test_tranches_grow_to_the_whole_and_end_there() public {
        uint16[][6] memory bad;
        bad[0] = new uint16[](1);
        bad[0][0] = 9_999;
        bad[1] = new uint16[](2);
        bad[1][1] = 10_000;
        bad[2] = new uint16[](3);
        (bad[2][0], bad[2][1], bad[2][2]) = (5_000, 5_000, 10_000);
        bad[3] = new uint16[](2);
        (bad[3][0], bad[3][1]) = (10_000, 10_000);
        bad[4] = new uint16[](1);
        bad[4][0] = 10_001;
        bad[5] = new uint16[](16);
        for (uint16 i = 0; i < 16; ++i) {
            bad[5][i] = i + 1;
        }
        CampaignParams memory terms = wanted();
        for (uint256 i = 0; i < bad.length; ++i) {
            terms.tranches = shares(bad[i]);
            invalid(terms, "tranches");
        }
        bad[5][15] = 10_000;
        terms.tranches = shares(bad[5]);
        CampaignImplementation made = create(terms);
        vm.assertEq(keccak256(abi.encode(made.terms())), keccak256(abi.encode(terms)));
    }

    function test_a_lock_is_freed_only_after_the_end_and_by_anyone() public {
        vm.expectRevert(abi.encodeWithSelector(ICampaignFactory.CampaignUnknown.selector, bytes32("nothing")));
        factory.freeLock("nothing");
        vm.expectRevert(abi.encodeWithSelector(ICampaignFactory.CampaignNotEnded.selector, bytes32("campaign")));
        factory.freeLock("campaign");
        cancel();
        factory.freeLock("campaign"); // again: changes nothing
        vm.assertEq(registry.getIssuer(COMPANY).liveCampaign, 0);
    }

    function test_only_the_admin_changes_settings() public {
        bytes memory refusal = unauthorized(operator, factory.DEFAULT_ADMIN_ROLE());
        vm.startPrank(operator);
        vm.expectRevert(refusal);
        factory.allowToken(address(token), false);
        vm.expectRevert(refusal);
        factory.setFeeRecipient(operator);
    }

    function test_settings_are_announced_and_never_empty() public {
        vm.startPrank(admin);
        vm.expectRevert(ICampaignFactory.AddressMissing.selector);
        factory.allowToken(address(0), true);
        vm.expectRevert(ICampaignFactory.AddressMissing.selector);
        factory.setFeeRecipient(address(0));
        vm.expectEmit(address(factory));
        emit ICampaignFactory.FeeRecipientSet(charlie);
        factory.setFeeRecipient(charlie);
        vm.assertEq(factory.feeRecipient(), charlie);
    }

    function test_a_factory_needs_a_fee_recipient() public {
        vm.expectRevert(ICampaignFactory.AddressMissing.selector);
        new CampaignFactory(admin, registry, escrow, address(0));
    }

    function test_admin_operator_and_recorder_are_three_accounts() public {
        bytes32 operatorRole = factory.OPERATOR_ROLE();
        bytes32 recorderRole = factory.RECORDER_ROLE();
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(SeparatedRoles.RoleConflict.selector, admin));
        factory.grantRole(operatorRole, admin);
        vm.expectRevert(abi.encodeWithSelector(SeparatedRoles.RoleConflict.selector, operator));
        factory.grantRole(recorderRole, operator);
    }

    function test_a_contract_of_ours_is_no_issuers_wallet() public {
        address[4] memory ours = [address(escrow), factory.implementation(), address(token), address(campaign)];
        for (uint256 i = 0; i < ours.length; ++i) {
            bytes32 company = keccak256(abi.encode(i));
            register(company, ours[i]);
            refused(
                params("new campaign", company, ours[i]),
                abi.encodeWithSelector(ICampaignFactory.WalletNotAllowed.selector, ours[i])
            );
        }
    }

    function test_the_zero_address_and_the_factory_are_ours_and_people_are_not() public view {
        vm.assertTrue(factory.isOurs(address(0)));
        vm.assertTrue(factory.isOurs(address(factory)));
        vm.assertTrue(factory.isOurs(address(registry)));
        vm.assertFalse(factory.isOurs(alice));
        vm.assertFalse(factory.isOurs(issuerWallet));
        vm.assertFalse(factory.isOurs(operator));
    }

    function test_only_the_admin_sets_the_recorders_cap_and_only_an_operator_raises_it() public {
        vm.expectRevert(unauthorized(operator, 0));
        vm.prank(operator);
        factory.setRecorderCap(1);
        bytes32 role = factory.OPERATOR_ROLE();
        vm.startPrank(recorder);
        vm.expectRevert(unauthorized(recorder, role));
        factory.raiseRecorderCap("i", recorder, 1);
        vm.stopPrank();

        vm.expectEmit(address(factory));
        emit ICampaignFactory.RecorderCapSet(5);
        vm.prank(admin);
        factory.setRecorderCap(5);
        vm.assertEq(factory.recorderCap(), 5);
        vm.expectEmit(address(factory));
        emit ICampaignFactory.RecorderCapRaised(recorder, START / 1 days, 7, "i");
        vm.startPrank(operator);
        factory.raiseRecorderCap("i", recorder, 7);
        vm.assertEq(factory.recorderRoom(recorder), 12);
        vm.assertEq(factory.recorderRoom(alice), 5);
        vm.expectRevert(abi.encodeWithSelector(IIntents.IntentAlreadyUsed.selector, bytes32("i")));
        factory.raiseRecorderCap("i", recorder, 7);
    }

    function test_nobody_can_record_before_a_cap_is_set() public {
        CampaignFactory fresh = new CampaignFactory(admin, registry, escrow, feeRecipient);
        vm.assertEq(fresh.recorderRoom(recorder), 0);
    }

    function test_only_a_campaign_uses_up_a_recorders_day() public {
        vm.expectRevert(abi.encodeWithSelector(ICampaignFactory.CampaignUnknown.selector, bytes32("campaign")));
        vm.prank(charlie);
        factory.noteRecorded("campaign", recorder, 1);
    }
}
