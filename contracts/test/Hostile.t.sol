// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CampaignImplementation} from "../src/CampaignImplementation.sol";
import {Admission, CampaignParams, ICampaign, Status} from "../src/interfaces/ICampaign.sol";
import {IFundEscrow} from "../src/interfaces/IFundEscrow.sol";
import {IMoneyReceiver, ViciousToken} from "./support/Tokens.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice Invests, and does something when money comes back.
contract HostileInvestor is IMoneyReceiver {
    error Rejected();

    ICampaign private immutable _campaign;
    bool public rejects;
    uint256 public caught;

    constructor(ICampaign campaign, ViciousToken money) {
        _campaign = campaign;
        money.approve(address(campaign), type(uint256).max);
    }

    function invest(Admission calldata admission) external {
        _campaign.invest(admission);
    }

    function setRejects(bool value) external {
        rejects = value;
    }

    function onMoney() external {
        if (rejects) revert Rejected();
        try _campaign.claimRefund() {}
        catch {
            ++caught;
        }
    }
}

contract HostileTest is Fixture {
    ViciousToken private vice;
    CampaignImplementation private other;
    HostileInvestor private mallory;

    function setUp() public override {
        super.setUp();
        vice = new ViciousToken();
        vm.prank(admin);
        factory.allowToken(address(vice), true);
        register("second", address(0x156));
        register("third", address(0x157));
        campaign = create(viciousParams("vicious campaign", "second", address(0x156)));
        other = create(viciousParams("vicious other", "third", address(0x157)));
        mallory = new HostileInvestor(campaign, vice);
        vice.mint(address(mallory), GOAL);
        vice.mint(alice, GOAL);
        vm.startPrank(alice);
        vice.approve(address(campaign), GOAL);
        vice.approve(address(other), GOAL);
        vm.stopPrank();
    }

    function viciousParams(bytes32 campaignId, bytes32 issuerId, address wallet)
        private
        view
        returns (CampaignParams memory wanted)
    {
        wanted = params(campaignId, issuerId, wallet);
        wanted.token = address(vice);
    }

    function failWithMallory() private {
        mallory.invest(admitted(campaign, address(mallory), "m", 1_000 * ETB));
        invest(alice, 2_000 * ETB);
        vm.warp(DEADLINE + 1);
        close();
        vice.setCallsReceivers(true);
    }

    function test_a_token_with_a_transfer_fee_is_refused() public {
        vice.setTax(100);
        vm.expectRevert(abi.encodeWithSelector(ICampaign.AmountNotReceived.selector, 99 * ETB, 100 * ETB));
        vm.prank(alice);
        campaign.invest(admitted(campaign, alice, "i", 100 * ETB));
        vm.assertEq(campaign.total(), 0);
    }

    function test_a_token_that_only_pretends_to_pay_is_refused() public {
        vice.setDeliversNothing(true);
        vm.expectRevert(abi.encodeWithSelector(ICampaign.AmountNotReceived.selector, 0, 100 * ETB));
        vm.prank(alice);
        campaign.invest(admitted(campaign, alice, "i", 100 * ETB));
    }

    function test_a_token_cannot_enter_the_campaign_again_while_it_pays() public {
        bytes memory refusal = abi.encodeWithSelector(ICampaign.Reentered.selector);
        bytes[4] memory calls = [
            abi.encodeCall(ICampaign.invest, (admitted(campaign, address(vice), "inner", 100 * ETB))),
            abi.encodeCall(ICampaign.close, ("inner")),
            abi.encodeCall(ICampaign.claimRefund, ()),
            abi.encodeCall(ICampaign.refundFor, (alice))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            vice.setCall(address(campaign), calls[i]);
            vm.expectRevert(refusal);
            vm.prank(alice);
            campaign.invest(admitted(campaign, alice, "outer", 100 * ETB));
        }
        vm.assertEq(campaign.positionOf(alice).amount, 0);
    }

    function test_a_token_cannot_enter_the_campaign_again_while_an_investment_goes_back() public {
        invest(alice, 500 * ETB);
        bytes[3] memory calls = [
            abi.encodeCall(ICampaign.invest, (admitted(campaign, address(vice), "inner", 100 * ETB))),
            abi.encodeCall(ICampaign.close, ("inner")),
            abi.encodeCall(ICampaign.refundFor, (alice))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            vice.setCall(address(campaign), calls[i]);
            vm.expectRevert(ICampaign.Reentered.selector);
            vm.prank(operator);
            campaign.cancelInvestment("outer", alice, 500 * ETB);
        }
        vm.assertEq(campaign.positionOf(alice).amount, 500 * ETB);
    }

    function test_a_permit_cannot_enter_the_campaign_again() public {
        vice.setCall(
            address(campaign), abi.encodeCall(ICampaign.invest, (admitted(campaign, address(vice), "inner", 100 * ETB)))
        );
        vm.expectRevert(ICampaign.Reentered.selector);
        vm.prank(alice);
        campaign.investWithPermit(admitted(campaign, alice, "outer", 100 * ETB), DEADLINE, 0, 0, 0);
        vm.assertEq(campaign.total(), 0);
    }

    function test_one_payment_cannot_be_counted_by_two_campaigns() public {
        // While the outer payment is measured, the token pays an inner one into another campaign, and nothing itself.
        vice.mint(address(vice), GOAL);
        vm.prank(address(vice));
        vice.approve(address(other), GOAL);
        vice.setCall(
            address(other), abi.encodeCall(ICampaign.invest, (admitted(other, address(vice), "inner", 100 * ETB)))
        );
        vm.expectRevert(abi.encodeWithSelector(ICampaign.AmountNotReceived.selector, 200 * ETB, 100 * ETB));
        vm.prank(alice);
        campaign.invest(admitted(campaign, alice, "outer", 100 * ETB));
    }

    function test_an_investor_who_enters_again_is_paid_once() public {
        failWithMallory();
        campaign.refundFor(address(mallory));
        vm.assertEq(vice.balanceOf(address(mallory)), GOAL);
        vm.assertEq(mallory.caught(), 1);
        vm.assertEq(escrow.balanceOf(address(campaign)), 2_000 * ETB);
    }

    function test_an_investor_who_rejects_money_delays_nobody_and_can_come_back() public {
        failWithMallory();
        mallory.setRejects(true);
        vm.expectRevert(HostileInvestor.Rejected.selector);
        campaign.refundFor(address(mallory));
        campaign.refundFor(alice);
        vm.assertEq(vice.balanceOf(alice), GOAL);

        mallory.setRejects(false);
        campaign.refundFor(address(mallory));
        vm.assertEq(vice.balanceOf(address(mallory)), GOAL);
        vm.assertEq(escrow.balanceOf(address(campaign)), 0);
    }

    function test_a_fee_recipient_who_rejects_money_is_replaced_and_the_issuer_paid() public {
        invest(alice, 6_000 * ETB);
        record(FIAT_ALICE, 2_000 * ETB);
        close();
        vice.setCallsReceivers(true);
        mallory.setRejects(true);
        vm.prank(admin);
        factory.setFeeRecipient(address(mallory));
        vm.expectRevert(HostileInvestor.Rejected.selector);
        vm.prank(operator);
        campaign.release("r", 0);

        vm.prank(admin);
        factory.setFeeRecipient(feeRecipient);
        vm.prank(operator);
        campaign.release("r", 0);
        isStatus(Status.Released);
        vm.assertEq(vice.balanceOf(address(0x156)), 5_850 * ETB);
    }

    function test_a_token_that_refuses_to_move_nothing_stops_no_release() public {
        vice.setRefusesZero(true);
        record(FIAT_ALICE, 6_000 * ETB);
        record(FIAT_BOB, 4_000 * ETB);
        close();
        release(); // no token money at all
        isStatus(Status.Released);

        vm.startPrank(operator);
        registry.registerIssuer("fourth", "fourth", address(0x158), "vc", "documents");
        CampaignParams memory wanted = viciousParams("small", "fourth", address(0x158));
        wanted.minInvestment = 0;
        wanted.thresholdBps = 1;
        campaign = CampaignImplementation(factory.createCampaign("small", wanted));
        vm.stopPrank();
        vm.prank(alice);
        vice.approve(address(campaign), GOAL);
        invest(alice, 39 * CENT); // its fee floors to nothing
        record(FIAT_ALICE, ETB);
        close();
        release();
        vm.assertEq(vice.balanceOf(address(0x158)), 39 * CENT);
    }

    function test_a_balance_that_shrinks_is_not_made_up_from_later_money() public {
        invest(alice, 1_000 * ETB);
        vm.prank(address(escrow));
        vice.transfer(address(0xdead), 1); // as a rebasing token would
        vm.expectRevert(
            abi.encodeWithSelector(IFundEscrow.NotReceived.selector, address(vice), 2_000 * ETB - 1, 2_000 * ETB)
        );
        vm.prank(alice);
        campaign.invest(admitted(campaign, alice, "i", 1_000 * ETB));
    }
}
