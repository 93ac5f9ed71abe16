// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CampaignParams, Record, RefundRecord} from "../src/interfaces/ICampaign.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice What a transaction costs, printed by `run.sh gas`; each has a ceiling.
contract GasTest is Fixture {
    event log_named_uint(string key, uint256 value);

    function report(string memory what, uint256 ceiling) private {
        uint256 used = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint(what, used);
        vm.assertLe(used, ceiling);
    }

    function test_gas_of_createCampaign() public {
        register("second", address(0x156));
        create(params("second", "second", address(0x156)));
        report("createCampaign", 255_000);
    }

    function test_gas_of_invest() public {
        invest(alice, 100 * ETB);
        report("invest, first of a campaign", 170_000);
        invest(bob, 100 * ETB);
        report("invest, new investor", 115_000);
        invest(bob, 100 * ETB);
        report("invest, same investor", 100_000);
    }

    function test_gas_of_recordInvestment() public {
        record(FIAT_ALICE, 100 * ETB);
        report("recordInvestment, first of a campaign", 120_000);
        record(FIAT_BOB, 100 * ETB);
        report("recordInvestment, new investor", 85_000);
        record(FIAT_BOB, 100 * ETB);
        report("recordInvestment, same investor", 85_000);
    }

    function batch(uint256 count, string memory what, uint256 ceiling) private returns (Record[] memory list) {
        CampaignParams memory wanted = params("big", "second", address(0x156));
        wanted.goal = 3 * GOAL; // room for all of them
        register("second", address(0x156));
        campaign = create(wanted);
        record(FIAT_ALICE, 100 * ETB); // so that no slot but the records' own is new
        list = rows(count);
        vm.prank(recorder);
        campaign.recordInvestments(list);
        report(what, ceiling);
    }

    function test_gas_of_recordInvestments_50() public {
        batch(50, "recordInvestments, 50 new investors", 1_400_000);
    }

    function test_gas_of_recordInvestments_200() public {
        batch(200, "recordInvestments, 200 new investors", 5_280_000);
    }

    function test_gas_of_release() public {
        succeed();
        release();
        report("release, to wallets without tokens", 140_000);
    }

    function test_gas_of_release_to_wallets_that_hold_tokens() public {
        succeed();
        vm.startPrank(admin);
        token.mint(issuerWallet, 1);
        token.mint(feeRecipient, 1);
        vm.stopPrank();
        release();
        report("release", 104_000);
    }

    function test_gas_of_refundFor() public {
        fail();
        campaign.refundFor(alice);
        report("refundFor", 70_000);
    }

    function test_gas_of_cancelInvestment() public {
        bytes32 intentId = id();
        invest(alice, 400 * ETB);
        invest(bob, 100 * ETB);
        vm.prank(operator);
        campaign.cancelInvestment(intentId, alice, 300 * ETB);
        report("cancelInvestment", 105_000);
    }

    function test_gas_of_recordRefunds_200() public {
        Record[] memory records = batch(200, "recordInvestments, 200 new investors", 5_280_000);
        bytes32 intentId = id();
        vm.prank(operator);
        campaign.cancel(intentId);
        RefundRecord[] memory list = new RefundRecord[](200);
        for (uint256 i = 0; i < 200; ++i) {
            list[i] = RefundRecord({paymentRef: records[i].paymentRef, investorKey: records[i].investorKey});
        }
        vm.prank(recorder);
        campaign.recordRefunds(list);
        report("recordRefunds, 200", 2_000_000);
    }
}
