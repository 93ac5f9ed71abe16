// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {FundEscrow} from "../src/FundEscrow.sol";
import {IFundEscrow} from "../src/interfaces/IFundEscrow.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract FundEscrowTest is Fixture {
    address private one = address(0x1111);
    address private two = address(0x2222);

    function setUp() public override {
        super.setUp();
        vm.startPrank(address(factory));
        escrow.openAccount(one, address(token));
        escrow.openAccount(two, address(token));
        vm.stopPrank();
    }

    function deposit(address account, uint256 amount) private {
        vm.prank(admin);
        token.mint(address(escrow), amount);
        vm.prank(account);
        escrow.credit(amount);
    }

    function test_only_a_factory_opens_accounts_and_each_once() public {
        vm.expectRevert(unauthorized(admin, escrow.FACTORY_ROLE()));
        vm.prank(admin);
        escrow.openAccount(address(0x3333), address(token));
        vm.expectRevert(abi.encodeWithSelector(IFundEscrow.AccountExists.selector, one));
        vm.prank(address(factory));
        escrow.openAccount(one, address(token));
    }

    function test_money_is_credited_and_paid_from_the_account_of_the_caller() public {
        deposit(one, 5 * ETB);
        deposit(two, 3 * ETB);
        vm.expectEmit(address(escrow));
        emit IFundEscrow.Paid(one, charlie, 4 * ETB, ETB);
        vm.prank(one);
        escrow.pay(charlie, 4 * ETB);

        vm.assertEq(token.balanceOf(charlie), 4 * ETB);
        vm.assertEq(escrow.balanceOf(one), ETB);
        vm.assertEq(escrow.balanceOf(two), 3 * ETB);
        vm.assertEq(escrow.heldOf(address(token)), 4 * ETB);
        vm.assertEq(token.balanceOf(address(escrow)), 4 * ETB);
    }

    function test_a_credit_without_arrived_money_is_refused() public {
        deposit(one, 5 * ETB);
        vm.expectRevert(abi.encodeWithSelector(IFundEscrow.NotReceived.selector, address(token), 5 * ETB, 5 * ETB + 1));
        vm.prank(two);
        escrow.credit(1);
    }

    function test_an_account_cannot_pay_more_than_it_has_though_the_escrow_could() public {
        deposit(one, 5 * ETB);
        deposit(two, 3 * ETB);
        vm.expectRevert(abi.encodeWithSelector(IFundEscrow.BalanceTooLow.selector, two, 3 * ETB, 3 * ETB + 1));
        vm.prank(two);
        escrow.pay(charlie, 3 * ETB + 1);
    }

    function test_who_has_no_account_moves_nothing() public {
        deposit(one, 5 * ETB);
        bytes memory refusal = abi.encodeWithSelector(IFundEscrow.AccountUnknown.selector, admin);
        vm.startPrank(admin);
        vm.expectRevert(refusal);
        escrow.pay(admin, 1);
        vm.expectRevert(refusal);
        escrow.credit(0);
    }

    function test_money_is_never_paid_to_nobody_to_the_escrow_itself_or_to_the_token() public {
        deposit(one, 5 * ETB);
        vm.startPrank(one);
        vm.expectRevert(abi.encodeWithSelector(IFundEscrow.ReceiverInvalid.selector, address(0)));
        escrow.pay(address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IFundEscrow.ReceiverInvalid.selector, address(escrow)));
        escrow.pay(address(escrow), 1);
        vm.expectRevert(abi.encodeWithSelector(IFundEscrow.ReceiverInvalid.selector, address(token)));
        escrow.pay(address(token), 1);
    }

    function test_a_pause_stops_credits_but_not_payments() public {
        deposit(one, 5 * ETB);
        vm.prank(pauser);
        escrow.pause();
        vm.prank(one);
        escrow.pay(charlie, 2 * ETB);
        vm.assertEq(token.balanceOf(charlie), 2 * ETB);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(one);
        escrow.credit(1);

        vm.prank(pauser);
        escrow.unpause();
        deposit(one, ETB);
        vm.assertEq(escrow.balanceOf(one), 4 * ETB);
    }

    function test_only_a_pauser_pauses() public {
        bytes memory refusal = unauthorized(admin, escrow.PAUSER_ROLE());
        vm.startPrank(admin);
        vm.expectRevert(refusal);
        escrow.pause();
        vm.expectRevert(refusal);
        escrow.unpause();
    }
}
