// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract PaymentTokenTest is Fixture {
    function test_it_is_named_cETB_with_six_decimals() public view {
        vm.assertEq(token.name(), "crowdfund ETB");
        vm.assertEq(token.symbol(), "cETB");
        vm.assertEq(token.decimals(), 6);
    }

    function test_a_minter_creates_money() public {
        vm.prank(admin);
        token.mint(charlie, 5 * ETB);
        vm.assertEq(token.balanceOf(charlie), 5 * ETB);
    }

    function test_a_stranger_cannot_create_money() public {
        vm.expectRevert(unauthorized(charlie, token.MINTER_ROLE()));
        vm.prank(charlie);
        token.mint(charlie, 1);
    }
}
