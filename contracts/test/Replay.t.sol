// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Admission, CampaignParams, ICampaign, Record} from "../src/interfaces/ICampaign.sol";
import {ICampaignFactory} from "../src/interfaces/ICampaignFactory.sol";
import {IIntents} from "../src/interfaces/IIntents.sol";
import {IIssuerRegistry} from "../src/interfaces/IIssuerRegistry.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice Every intent, sent again: once as it was and once as any other call of the same contract.
contract ReplayTest is Fixture {
    bytes32 private constant USED = "used";

    function refused(address caller, address target, bytes memory data) private {
        vm.prank(caller);
        (bool ok, bytes memory result) = target.call(data);
        vm.assertFalse(ok);
        vm.assertEq(keccak256(result), keccak256(abi.encodeWithSelector(IIntents.IntentAlreadyUsed.selector, USED)));
    }

    function replayByThePlatform() private {
        vm.assertTrue(campaign.intentUsed(USED));
        refused(recorder, address(campaign), abi.encodeCall(ICampaign.recordInvestment, (USED, FIAT_BOB, 100 * ETB)));
    }

    function test_an_admission_is_spent_by_both_ways_to_invest() public {
        Admission memory admission = admitted(campaign, alice, USED, 100 * ETB);
        bytes memory used = abi.encodeWithSelector(ICampaign.AdmissionUsed.selector, 100 * ETB);
        vm.startPrank(alice);
        campaign.investWithPermit(admission, DEADLINE, 0, 0, 0);
        vm.expectRevert(used);
        campaign.invest(admission);
        vm.expectRevert(used);
        campaign.investWithPermit(admission, DEADLINE, 0, 0, 0);
    }

    function test_a_reference_of_recordInvestment_is_spent() public {
        vm.prank(recorder);
        campaign.recordInvestment(USED, FIAT_ALICE, 100 * ETB);
        replayByThePlatform();
    }

    function test_a_reference_of_recordInvestments_is_spent() public {
        Record[] memory list = rows(2);
        list[1].paymentRef = USED;
        vm.prank(recorder);
        campaign.recordInvestments(list);
        replayByThePlatform();
    }

    function test_two_investors_may_choose_the_same_intent() public {
        vm.prank(alice);
        campaign.invest(admitted(campaign, alice, USED, 100 * ETB));
        vm.prank(bob);
        campaign.invest(admitted(campaign, bob, USED, 200 * ETB));
        vm.assertEq(campaign.positionOf(bob).amount, 200 * ETB);
    }

    function test_zero_is_no_intent_for_anybody() public {
        vm.expectRevert(IIntents.IntentMissing.selector);
        vm.prank(alice);
        campaign.invest(admitted(campaign, alice, 0, 100 * ETB));
        vm.warp(DEADLINE + GRACE + 1);
        vm.expectRevert(IIntents.IntentMissing.selector);
        vm.prank(charlie);
        campaign.close(0);
        vm.startPrank(operator);
        vm.expectRevert(IIntents.IntentMissing.selector);
        campaign.cancel(0);
        campaign.proposeIssuerWallet("p", address(0x1551));
        vm.expectRevert(IIntents.IntentMissing.selector);
        campaign.proposeIssuerWallet(0, address(0x1551));
    }

    function test_a_release_needs_an_intent() public {
        succeed();
        vm.expectRevert(IIntents.IntentMissing.selector);
        vm.prank(operator);
        campaign.release(0, 0);
    }

    function test_an_intent_of_createCampaign_is_spent() public {
        register("second", address(0x156));
        register("third", address(0x157));
        CampaignParams memory third = params("third", "third", address(0x157));
        vm.prank(operator);
        factory.createCampaign(USED, params("second", "second", address(0x156)));
        refused(operator, address(factory), abi.encodeCall(ICampaignFactory.createCampaign, (USED, third)));
    }

    function replayAtRegistry() private {
        vm.assertTrue(registry.intentUsed(USED));
        address target = address(registry);
        bytes32 gone = "gone";
        refused(
            operator,
            target,
            abi.encodeCall(IIssuerRegistry.registerIssuer, (USED, "fourth", address(0x158), "vc", "documents"))
        );
        refused(
            operator,
            target,
            abi.encodeCall(IIssuerRegistry.updateIssuer, (USED, COMPANY, issuerWallet, "vc", "documents"))
        );
        refused(operator, target, abi.encodeCall(IIssuerRegistry.deactivateIssuer, (USED, COMPANY)));
        refused(operator, target, abi.encodeCall(IIssuerRegistry.reactivateIssuer, (USED, gone)));
    }

    function test_an_intent_of_the_registry_is_spent_for_every_call() public {
        register("gone", address(0x159));
        vm.prank(operator);
        registry.deactivateIssuer(USED, "gone");
        replayAtRegistry();
    }

    function test_intents_of_register_update_and_reactivate_are_spent() public {
        bytes32[3] memory intents = [bytes32("register"), "update", "reactivate"];
        vm.startPrank(operator);
        registry.registerIssuer("register", "gone", address(0x159), "vc", "documents");
        registry.updateIssuer("update", "gone", address(0x15a), "vc", "documents");
        registry.deactivateIssuer("deactivate", "gone");
        registry.reactivateIssuer("reactivate", "gone");
        for (uint256 i = 0; i < intents.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IIntents.IntentAlreadyUsed.selector, intents[i]));
            registry.deactivateIssuer(intents[i], "gone");
        }
    }
}
