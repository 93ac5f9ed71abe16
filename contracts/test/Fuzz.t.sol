// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CampaignImplementation} from "../src/CampaignImplementation.sol";
import {CampaignParams, ICampaign, Record, Status} from "../src/interfaces/ICampaign.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice Rules for any number, each against a plain formula of its own.
contract FuzzTest is Fixture {
    function between(uint256 x, uint256 low, uint256 high) private pure returns (uint256) {
        return low + x % (high - low + 1);
    }

    /// @dev Replaces `campaign` by one without minimum, funded by alice.
    function open(uint256 goal, uint256 granularity, uint16 bps) private {
        register("fuzzed", address(0x200));
        CampaignParams memory wanted = params("fuzzed", "fuzzed", address(0x200));
        wanted.goal = goal;
        wanted.minInvestment = 0;
        wanted.maxInvestment = goal;
        wanted.granularity = granularity;
        wanted.thresholdBps = bps;
        campaign = create(wanted);
        vm.prank(admin);
        token.mint(alice, goal);
        vm.prank(alice);
        token.approve(address(campaign), goal);
    }

    /// @dev What the journal takes, in minor units.
    function journalFee(uint256 minor) private pure returns (uint256) {
        return minor * 250 / 10_000;
    }

    function test_the_fee_equals_the_journals_for_1_to_10000_units() public view {
        for (uint256 minor = 0; minor <= 10_000; ++minor) {
            vm.assertEq(campaign.feeOn(minor * CENT), journalFee(minor) * CENT);
        }
    }

    function test_the_fee_equals_the_journals_around_every_percent_of_the_goal() public view {
        uint256 goal = GOAL / CENT;
        for (uint256 percent = 1; percent <= 100; ++percent) {
            uint256 at = goal * percent / 100;
            for (uint256 minor = at - 100; minor <= at + 100; ++minor) {
                vm.assertEq(campaign.feeOn(minor * CENT), journalFee(minor) * CENT);
            }
        }
    }

    function testFuzz_the_fee_equals_the_journals_around_every_percent(uint256 percent, uint256 off, uint256 scale)
        public
    {
        uint256 granularity = 10 ** between(scale, 0, 16);
        open(GOAL / CENT * granularity, granularity, 7_500);
        uint256 minor = GOAL / CENT * between(percent, 1, 100) / 100 + between(off, 0, 20_000) - 10_000;
        vm.assertEq(campaign.feeOn(minor * granularity), journalFee(minor) * granularity);
    }

    function testFuzz_a_release_adds_up_and_takes_no_more_than_came_in(uint256 tokens, uint256 fiat) public {
        uint256 goal = GOAL / CENT;
        tokens = between(tokens, 0, goal);
        fiat = between(fiat, tokens == 0 ? 1 : 0, tokens == goal ? 0 : goal - tokens);
        if (tokens + fiat == 0) fiat = 1;
        open(GOAL, CENT, 1);
        if (tokens > 0) invest(alice, tokens * CENT);
        if (fiat > 0) record(FIAT_ALICE, fiat * CENT);
        vm.warp(DEADLINE + 1);
        close();
        if (campaign.status() != Status.Succeeded) return;

        uint256 tokenFee = journalFee(tokens) * CENT;
        uint256 fiatFee = journalFee(tokens + fiat) * CENT - tokenFee;
        vm.expectEmit(address(campaign));
        emit ICampaign.FiatReleased("r", fiat * CENT - fiatFee, fiatFee);
        vm.prank(operator);
        campaign.release("r", 0);
        vm.assertEq(token.balanceOf(feeRecipient), tokenFee);
        vm.assertEq(token.balanceOf(address(0x200)), tokens * CENT - tokenFee);
        vm.assertEq(escrow.balanceOf(address(campaign)), 0);
    }

    function testFuzz_success_is_the_journals_comparison(uint256 goal, uint256 sum, uint16 bps) public {
        goal = between(goal, 1, 1e15);
        bps = uint16(between(bps, 1, 10_000));
        // Half of the runs land within a few units of the threshold.
        uint256 edge = goal * bps / 10_000;
        sum = sum % 2 == 0 ? between(sum / 2, 1, goal) : between(sum / 2, edge, edge + 2);
        if (sum == 0 || sum > goal) sum = goal;
        open(goal, 1, bps);
        record(FIAT_ALICE, sum);
        vm.warp(DEADLINE + 1);
        close();
        vm.assertEq(campaign.status() == Status.Succeeded, sum * 10_000 >= goal * bps);
    }

    function testFuzz_an_amount_is_taken_exactly_if_the_rules_allow_it(uint256 first, uint256 fiat, uint256 amount)
        public
    {
        first = between(first, 10_000, 600_000) * CENT;
        fiat = between(fiat, 10_000, (GOAL - first) / CENT < 600_000 ? (GOAL - first) / CENT : 600_000) * CENT;
        invest(alice, first);
        record(FIAT_ALICE, fiat);
        uint256 room = GOAL - first - fiat;
        // A third small, a third around the room, a third whole cents.
        uint256 kind = amount % 3;
        amount =
            kind == 0 ? amount % (200 * ETB) : kind == 1 ? room + amount % 3 * CENT - CENT : amount % 800_000 * CENT;

        bool allowed = amount > 0 && amount % CENT == 0 && amount <= room && amount <= 6_000 * ETB
            && (amount >= 100 * ETB || amount == room);
        vm.prank(bob);
        (bool ok,) = address(campaign).call(abi.encodeCall(ICampaign.invest, (admitted(campaign, bob, "b", amount))));
        vm.assertEq(ok, allowed);
        vm.assertEq(campaign.total(), first + fiat + (allowed ? amount : 0));
        vm.assertEq(token.balanceOf(bob), GOAL - (allowed ? amount : 0));
    }

    function testFuzz_every_refund_is_exact_in_any_order(uint256[6] memory amounts, uint256 order) public {
        uint256 left = GOAL;
        uint256 sum;
        for (uint256 i = 0; i < 6; ++i) {
            amounts[i] = between(amounts[i], 10_000, 120_000) * CENT;
            fund(address(uint160(0x9000 + i)), campaign);
            invest(address(uint160(0x9000 + i)), amounts[i]);
            sum += amounts[i];
            left -= amounts[i];
        }
        cancel();
        for (uint256 i = 0; i < 6; ++i) {
            uint256 at = (i * (order % 2 == 0 ? 1 : 5) + order % 6) % 6;
            address investor = address(uint160(0x9000 + at));
            campaign.refundFor(investor);
            vm.assertEq(token.balanceOf(investor), GOAL);
            sum -= amounts[at];
            vm.assertEq(escrow.balanceOf(address(campaign)), sum);
        }
        vm.assertEq(token.balanceOf(address(escrow)), 0);
    }

    function testFuzz_time_decides_who_may_do_what(uint256 time, bool met) public {
        invest(alice, 6_000 * ETB);
        if (met) record(FIAT_ALICE, 1_500 * ETB);
        // Half of the runs land within 2 seconds of an edge.
        time = time % 4 == 0
            ? DEADLINE - 2 + time % 5
            : time % 4 == 1 ? DEADLINE + GRACE - 2 + time % 5 : between(time, START, DEADLINE + 2 * GRACE);
        vm.warp(time);
        vm.prank(bob);
        (bool invested,) =
            address(campaign).call(abi.encodeCall(ICampaign.invest, (admitted(campaign, bob, "b", 100 * ETB))));
        vm.assertEq(invested, time <= DEADLINE);
        vm.prank(recorder);
        (bool recorded,) =
            address(campaign).call(abi.encodeCall(ICampaign.recordInvestment, ("r", FIAT_BOB, 100 * ETB)));
        vm.assertEq(recorded, time <= DEADLINE + GRACE);
        vm.prank(charlie);
        (bool closed,) = address(campaign).call(abi.encodeCall(ICampaign.close, ("stranger")));
        vm.assertEq(closed, time > DEADLINE + GRACE);
        if (closed) return;
        vm.prank(operator);
        (closed,) = address(campaign).call(abi.encodeCall(ICampaign.close, ("operator")));
        vm.assertEq(closed, met || time > DEADLINE);
    }

    function testFuzz_a_batch_equals_its_rows_one_by_one(uint256[5] memory amounts, uint256 keys) public {
        CampaignImplementation other = createOther();
        Record[] memory list = rows(5);
        for (uint256 i = 0; i < 5; ++i) {
            list[i].amount = between(amounts[i], 10_000, 200_000) * CENT;
            list[i].investorKey = bytes32(1 + (keys >> (8 * i)) % 3);
        }
        vm.startPrank(recorder);
        (bool inOne,) = address(campaign).call(abi.encodeCall(ICampaign.recordInvestments, (list)));
        bool each = true;
        for (uint256 i = 0; i < 5 && each; ++i) {
            (each,) = address(other)
                .call(
                    abi.encodeCall(
                        ICampaign.recordInvestment, (list[i].paymentRef, list[i].investorKey, list[i].amount)
                    )
                );
        }
        vm.stopPrank();
        vm.assertEq(inOne, each);
        if (!inOne) return;
        vm.assertEq(campaign.total(), other.total());
        for (uint256 i = 0; i < 5; ++i) {
            bytes32 ref = list[i].paymentRef;
            vm.assertEq(keccak256(abi.encode(campaign.recordOf(ref))), keccak256(abi.encode(other.recordOf(ref))));
            vm.assertEq(campaign.recordOf(ref).amount, list[i].amount);
        }
    }

    function testFuzz_the_address_is_known_before(bytes32 campaignId) public {
        if (campaignId == 0 || campaignId == "campaign") return;
        register("fuzzed", address(0x200));
        CampaignParams memory wanted = params(campaignId, "fuzzed", address(0x200));
        address predicted = factory.predict(wanted);
        vm.assertEq(address(create(wanted)), predicted);
    }
}
