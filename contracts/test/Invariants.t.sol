// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CampaignImplementation} from "../src/CampaignImplementation.sol";
import {FiatRecord, RecordState, Status} from "../src/interfaces/ICampaign.sol";
import {Handler} from "./support/Handler.sol";
import {vm} from "./support/Vm.sol";

/// @notice What holds after anything that anybody does.
contract InvariantTest {
    Handler private handler;

    function setUp() public {
        handler = new Handler();
        handler.setUp();
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetContracts() public view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory list) {
        // Named more than once: chosen more often.
        bytes4[27] memory chosen = [
            handler.investSome.selector,
            handler.investSome.selector,
            handler.investSome.selector,
            handler.recordSome.selector,
            handler.recordSome.selector,
            handler.recordSome.selector,
            handler.investUninvited.selector,
            handler.setCap.selector,
            handler.raiseCap.selector,
            handler.closeConfirmed.selector,
            handler.closeOne.selector,
            handler.closeOne.selector,
            handler.cancelOne.selector,
            handler.releaseOne.selector,
            handler.releaseOne.selector,
            handler.refundOne.selector,
            handler.refundOne.selector,
            handler.refundOne.selector,
            handler.recordRefundOne.selector,
            handler.cancelRecordOne.selector,
            handler.cancelRecordOne.selector,
            handler.cancelInvestmentOne.selector,
            handler.cancelInvestmentOne.selector,
            handler.replay.selector,
            handler.switchPause.selector,
            handler.passTime.selector,
            handler.donate.selector
        ];
        bytes4[] memory selectors = new bytes4[](chosen.length);
        for (uint256 i = 0; i < chosen.length; ++i) {
            selectors[i] = chosen[i];
        }
        list = new FuzzSelector[](1);
        list[0] = FuzzSelector(address(handler), selectors);
    }

    function book(uint256 i)
        private
        view
        returns (uint256 received, uint256 recorded, uint256 refunded, uint256 released, uint256 releases)
    {
        return handler.books(i);
    }

    function invariant_the_accounts_add_up_to_what_the_escrow_holds() public view {
        (uint256 accounts, uint256 held, uint256 present) = handler.escrowBooks();
        vm.assertEq(accounts, held);
        vm.assertLe(held, present); // a bare transfer to the escrow belongs to nobody
    }

    function invariant_each_account_is_what_came_in_less_what_went_out() public view {
        for (uint256 i = 0; i < 2; ++i) {
            (uint256 received,, uint256 refunded, uint256 released,) = book(i);
            CampaignImplementation campaign = handler.campaigns(i);
            vm.assertLe(refunded + released, received);
            vm.assertEq(_escrowed(campaign), received - refunded - released);
        }
    }

    function invariant_each_tranche_is_released_once_and_the_last_leaves_nothing() public view {
        for (uint256 i = 0; i < 2; ++i) {
            (uint256 received,, uint256 refunded, uint256 released, uint256 releases) = book(i);
            CampaignImplementation campaign = handler.campaigns(i);
            vm.assertEq(releases, campaign.releases());
            vm.assertEq(campaign.status() == Status.Released, releases == (i == 0 ? 1 : 3));
            uint256[4] memory shares = [uint256(0), 4_999, 9_800, 10_000];
            uint256 share = i == 0 ? releases * 10_000 : shares[releases];
            vm.assertEq(released, received / 10_000 * share / 10_000 * 10_000); // whole cents
            vm.assertTrue(releases == 0 || refunded == 0);
        }
    }

    function invariant_totals_are_what_came_in_and_stay_under_the_goal() public view {
        for (uint256 i = 0; i < 2; ++i) {
            (uint256 received, uint256 recorded,,,) = book(i);
            CampaignImplementation campaign = handler.campaigns(i);
            vm.assertEq(campaign.tokenTotal(), received);
            vm.assertEq(campaign.fiatTotal(), recorded);
            vm.assertLe(campaign.total(), campaign.terms().goal);
        }
    }

    function invariant_every_investor_stays_under_the_maximum_and_is_refunded_exactly() public view {
        for (uint256 i = 0; i < 2; ++i) {
            CampaignImplementation campaign = handler.campaigns(i);
            for (uint256 k = 0; k < 4; ++k) {
                address investor = handler.investors(k);
                uint256 paid = handler.paidIn(i, investor);
                vm.assertEq(campaign.positionOf(investor).amount, paid);
                vm.assertEq(campaign.positionOf(investor).paidIn, handler.everPaidIn(i, investor));
                vm.assertLe(paid, campaign.terms().maxInvestment);
                vm.assertEq(handler.paidBack(i, investor), campaign.positionOf(investor).refunded ? paid : 0);
            }
        }
    }

    function invariant_every_record_keeps_its_amount_and_what_became_of_it() public view {
        for (uint256 i = 0; i < 2; ++i) {
            CampaignImplementation campaign = handler.campaigns(i);
            for (uint256 k = 0; k < handler.countOfRecords(i); ++k) {
                (bytes32 ref,, uint256 amount) = handler.recordsOf(i, k);
                FiatRecord memory row = campaign.recordOf(ref);
                vm.assertEq(row.amount, amount);
                vm.assertEq(row.state == RecordState.Cancelled, handler.cancelled(ref));
                vm.assertEq(row.state == RecordState.Refunded, handler.noted(ref));
            }
        }
    }

    function invariant_no_intent_works_twice() public view {
        vm.assertEq(handler.replaysAccepted(), 0);
    }

    function invariant_nobody_invests_without_the_operators_leave() public view {
        vm.assertEq(handler.uninvitedIn(), 0);
    }

    function invariant_a_recorder_never_records_more_than_a_days_cap() public view {
        vm.assertEq(handler.recordedAboveCap(), 0);
    }

    function invariant_a_pause_stops_money_in_and_money_goes_out_exactly_when_due() public view {
        vm.assertEq(handler.inWhilePaused(), 0);
        vm.assertEq(handler.outNotAsDue(), 0);
    }

    function invariant_the_status_follows_from_the_numbers_and_decides_the_lock() public view {
        for (uint256 i = 0; i < 2; ++i) {
            CampaignImplementation campaign = handler.campaigns(i);
            Status status = campaign.status();
            bool reached = campaign.total() >= campaign.threshold();
            if (status == Status.Succeeded || status == Status.Released) vm.assertTrue(reached);
            if (status == Status.Failed) vm.assertFalse(reached);
            vm.assertEq(handler.lockOf(i), campaign.hasEnded() ? bytes32(0) : campaign.campaignId());
        }
    }

    function _escrowed(CampaignImplementation campaign) private view returns (uint256) {
        return campaign.escrow().balanceOf(address(campaign));
    }
}
