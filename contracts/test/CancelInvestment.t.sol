// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Admission, ICampaign, Status} from "../src/interfaces/ICampaign.sol";
import {IIntents} from "../src/interfaces/IIntents.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract CancelInvestmentTest is Fixture {
    function investAs(address investor, bytes32 intentId, uint256 amount) private returns (Admission memory admission) {
        admission = admitted(campaign, investor, intentId, amount);
        vm.prank(investor);
        campaign.invest(admission);
    }

    function cancelOne(address caller, bytes32 intentId, address investor, uint256 amount, bytes memory refusal) private {
        if (refusal.length > 0) vm.expectRevert(refusal);
        vm.prank(caller);
        campaign.cancelInvestment(intentId, investor, amount);
    }

    function test_a_cancelled_investment_goes_back_whole_and_its_room_is_free() public {
        uint256 before = token.balanceOf(alice);
        investAs(alice, "first", 4_000 * ETB);
        investAs(alice, "second", 500 * ETB);
        record(FIAT_BOB, 5_500 * ETB);
        vm.expectEmit(address(campaign));
        emit ICampaign.InvestmentCancelled("first", alice, 4_000 * ETB, 6_000 * ETB);
        cancelOne(operator, "first", alice, 4_000 * ETB, "");
        vm.assertEq(token.balanceOf(alice), before - 500 * ETB);
        vm.assertEq(campaign.tokenTotal(), 500 * ETB);
        vm.assertEq(escrow.balanceOf(address(campaign)), 500 * ETB);
        vm.assertEq(campaign.positionOf(alice).amount, 500 * ETB);
        vm.assertEq(campaign.positionOf(alice).paidIn, 4_500 * ETB);
        vm.assertFalse(campaign.positionOf(alice).refunded);
        investAs(bob, "third", 4_000 * ETB);
        vm.assertEq(campaign.total(), GOAL);
    }

    function test_an_investment_is_cancelled_once() public {
        investAs(alice, "first", 1_000 * ETB);
        investAs(alice, "second", 1_000 * ETB);
        cancelOne(operator, "first", alice, 1_000 * ETB, "");
        bytes memory used = abi.encodeWithSelector(IIntents.IntentAlreadyUsed.selector, bytes32("first"));
        cancelOne(operator, "first", alice, 1_000 * ETB, used);
        cancelOne(operator, 0, alice, 1_000 * ETB, abi.encodeWithSelector(IIntents.IntentMissing.selector));
        cancelOne(operator, "second", alice, 1_000 * ETB, "");
        vm.assertEq(campaign.total(), 0);
    }

    function test_no_admission_from_before_works_after_a_cancellation() public {
        Admission memory first = investAs(alice, "first", 1_000 * ETB);
        Admission memory second = investAs(alice, "second", 1_000 * ETB);
        cancelOne(operator, "first", alice, 1_000 * ETB, "");
        cancelOne(operator, "second", alice, 1_000 * ETB, "");
        bytes memory used = abi.encodeWithSelector(ICampaign.AdmissionUsed.selector, 2_000 * ETB);
        vm.startPrank(alice);
        vm.expectRevert(used);
        campaign.invest(first);
        vm.expectRevert(used);
        campaign.invest(second);
        vm.stopPrank();
        investAs(alice, "third", 1_000 * ETB);
        vm.assertEq(campaign.positionOf(alice).paidIn, 3_000 * ETB);
    }

    function test_an_admission_that_was_signed_before_a_cancellation_is_still_good_once() public {
        investAs(alice, "first", 1_000 * ETB);
        Admission memory second = admitted(campaign, alice, "second", 500 * ETB);
        cancelOne(operator, "first", alice, 1_000 * ETB, "");
        vm.prank(alice);
        campaign.invest(second);
        vm.assertEq(campaign.tokenTotal(), 500 * ETB);
    }

    function test_nobody_gets_more_than_is_in() public {
        investAs(alice, "first", 1_000 * ETB);
        investAs(bob, "second", 1_000 * ETB);
        bytes memory low = abi.encodeWithSelector(ICampaign.PositionTooLow.selector, 1_000 * ETB);
        cancelOne(operator, "first", alice, 1_000 * ETB + CENT, low);
        low = abi.encodeWithSelector(ICampaign.PositionTooLow.selector, uint256(0));
        cancelOne(operator, "first", charlie, 1_000 * ETB, low);
        bytes memory odd = abi.encodeWithSelector(ICampaign.NotGranular.selector);
        cancelOne(operator, "first", alice, 0, odd);
        cancelOne(operator, "first", alice, CENT - 1, odd);
        vm.assertEq(campaign.total(), 2_000 * ETB);
    }

    function test_only_an_operator_cancels_and_only_while_the_campaign_is_live() public {
        investAs(alice, "first", 4_000 * ETB);
        bytes32 role = factory.OPERATOR_ROLE();
        cancelOne(recorder, "first", alice, 4_000 * ETB, unauthorized(recorder, role));
        cancelOne(alice, "first", alice, 4_000 * ETB, unauthorized(alice, role));
        cancel();
        bytes memory ended = abi.encodeWithSelector(ICampaign.WrongStatus.selector, Status.Cancelled);
        cancelOne(operator, "first", alice, 4_000 * ETB, ended);
    }

    function test_a_pause_holds_up_no_cancellation() public {
        investAs(alice, "first", 4_000 * ETB);
        vm.prank(pauser);
        escrow.pause();
        cancelOne(operator, "first", alice, 4_000 * ETB, "");
        vm.assertEq(campaign.total(), 0);
    }

    function test_after_a_cancellation_a_refund_pays_what_is_left() public {
        uint256 before = token.balanceOf(alice);
        investAs(alice, "first", 4_000 * ETB);
        investAs(alice, "second", 300 * ETB);
        cancelOne(operator, "first", alice, 4_000 * ETB, "");
        cancel();
        campaign.refundFor(alice);
        vm.assertEq(token.balanceOf(alice), before);
        vm.expectRevert(ICampaign.NothingToRefund.selector);
        campaign.refundFor(alice);
    }

    function test_what_was_cancelled_counts_neither_for_the_maximum_nor_for_the_threshold() public {
        investAs(alice, "first", 6_000 * ETB);
        record(FIAT_BOB, 2_000 * ETB);
        cancelOne(operator, "first", alice, 6_000 * ETB, "");
        investAs(alice, "second", 5_000 * ETB);
        vm.warp(DEADLINE + 1);
        close();
        isStatus(Status.Failed);
    }

    function testFuzz_everybody_gets_exactly_what_went_in(uint256[4] memory cents, uint256 cancelled) public {
        uint256 before = token.balanceOf(alice);
        bytes32[4] memory intents = [bytes32("a"), "b", "c", "d"];
        for (uint256 i = 0; i < 4; ++i) {
            cents[i] = 10_000 + cents[i] % 100_000;
            investAs(alice, intents[i], cents[i] * CENT);
        }
        uint256 left;
        for (uint256 i = 0; i < 4; ++i) {
            if (cancelled >> i & 1 == 1) cancelOne(operator, intents[i], alice, cents[i] * CENT, "");
            else left += cents[i] * CENT;
        }
        vm.assertEq(campaign.tokenTotal(), left);
        vm.assertEq(token.balanceOf(alice), before - left);
        if (left == 0) return;
        cancel();
        campaign.refundFor(alice);
        vm.assertEq(token.balanceOf(alice), before);
    }
}
