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
        report("createCampaign", 480_000);
    }

    function test_gas_of_invest() public {
        invest(alice, 100 * ETB);
        report("invest, first of a campaign", 245_000);
        invest(bob, 100 * ETB);
        report("invest, new investor", 150_000);
        invest(bob, 100 * ETB);
        report("invest, same investor", 130_000);
    }

    function test_gas_of_recordInvestment() public {
        record(FIAT_ALICE, 100 * ETB);
        report("recordInvestment, first of a campaign", 160_000);
        record(FIAT_BOB, 100 * ETB);
        report("recordInvestment, new investor", 130_000);
        record(FIAT_BOB, 100 * ETB);
        report("recordInvestment, same investor", 110_000);
    }

    function batch(uint256 count, string memory what, uint256 ceiling) private {
        CampaignParams memory wanted = params("big", "second", address(0x156));
        wanted.goal = 2 * GOAL; // room for 200 investors
        register("second", address(0x156));
        campaign = create(wanted);
        Record[] memory list = rows(count);
        vm.prank(recorder);
        campaign.recordInvestments(list);
        report(what, ceiling);
    }

    function test_gas_of_recordInvestments_50() public {
        batch(50, "recordInvestments, 50 new investors", 2_700_000);
    }

    function test_gas_of_recordInvestments_200() public {
        batch(200, "recordInvestments, 200 new investors", 10_800_000);
    }

    function test_gas_of_release() public {
        succeed();
        release();
        report("release", 200_000);
    }

    function test_gas_of_refundFor() public {
        fail();
        campaign.refundFor(alice);
        report("refundFor", 90_000);
    }

    function test_gas_of_recordRefunds_200() public {
        batch(200, "recordInvestments, 200 new investors", 10_800_000);
        bytes32 intentId = id();
        vm.prank(operator);
        campaign.cancel(intentId);
        RefundRecord[] memory list = new RefundRecord[](200);
        for (uint256 i = 0; i < 200; ++i) {
            list[i] = RefundRecord({paymentRef: id(), investorKey: keccak256(abi.encode("key", i))});
        }
        vm.prank(recorder);
        campaign.recordRefunds(list);
        report("recordRefunds, 200", 6_600_000);
    }
}
