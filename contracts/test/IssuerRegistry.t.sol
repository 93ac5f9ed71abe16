// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IssuerRegistry} from "../src/IssuerRegistry.sol";
import {SeparatedRoles} from "../src/SeparatedRoles.sol";
import {IIntents} from "../src/interfaces/IIntents.sol";
import {IIssuerRegistry} from "../src/interfaces/IIssuerRegistry.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract IssuerRegistryTest is Fixture {
    bytes32 private constant NEW = "new company";
    address private wallet = address(0x157);

    function verdict(bytes32 issuerId, bytes32 reason) private view {
        (bool ok, bytes32 given) = registry.canStartCampaign(issuerId);
        vm.assertEq(given, reason);
        vm.assertEq(ok, reason == "");
    }

    function test_an_operator_registers_a_company() public {
        bytes32 intentId = id();
        vm.expectEmit(address(registry));
        emit IIssuerRegistry.IssuerRegistered(NEW, wallet, "vc", "documents", intentId);
        vm.prank(operator);
        registry.registerIssuer(intentId, NEW, wallet, "vc", "documents");

        IIssuerRegistry.Issuer memory issuer = registry.getIssuer(NEW);
        vm.assertEq(issuer.wallet, wallet);
        vm.assertTrue(issuer.active);
        vm.assertEq(issuer.vcHash, "vc");
        vm.assertEq(issuer.documentsCommitment, "documents");
        vm.assertEq(registry.issuerOfWallet(wallet), NEW);
        vm.assertTrue(registry.intentUsed(intentId));
        verdict(NEW, "");
    }

    function test_only_an_operator_changes_companies() public {
        bytes memory refusal = unauthorized(charlie, registry.OPERATOR_ROLE());
        vm.startPrank(charlie);
        vm.expectRevert(refusal);
        registry.registerIssuer("i", NEW, wallet, "vc", "documents");
        vm.expectRevert(refusal);
        registry.updateIssuer("i", COMPANY, wallet, "vc", "documents");
        vm.expectRevert(refusal);
        registry.deactivateIssuer("i", COMPANY);
        vm.expectRevert(refusal);
        registry.reactivateIssuer("i", COMPANY);
    }

    function test_only_a_factory_moves_the_lock() public {
        bytes memory refusal = unauthorized(operator, registry.FACTORY_ROLE());
        vm.startPrank(operator);
        vm.expectRevert(refusal);
        registry.acquireLock(COMPANY, "x");
        vm.expectRevert(refusal);
        registry.releaseLock(COMPANY, "campaign");
    }

    function test_bad_registrations_are_refused() public {
        vm.startPrank(operator);
        vm.expectRevert(IIssuerRegistry.IssuerMissing.selector);
        registry.registerIssuer("i", 0, wallet, "vc", "documents");
        vm.expectRevert(IIssuerRegistry.WalletMissing.selector);
        registry.registerIssuer("i", NEW, address(0), "vc", "documents");
        vm.expectRevert(abi.encodeWithSelector(IIssuerRegistry.IssuerAlreadyRegistered.selector, COMPANY));
        registry.registerIssuer("i", COMPANY, wallet, "vc", "documents");
        vm.expectRevert(IIntents.IntentMissing.selector);
        registry.registerIssuer(0, NEW, wallet, "vc", "documents");
    }

    function test_two_companies_cannot_share_a_wallet() public {
        vm.expectRevert(abi.encodeWithSelector(IIssuerRegistry.WalletTaken.selector, issuerWallet, COMPANY));
        vm.prank(operator);
        registry.registerIssuer("i", NEW, issuerWallet, "vc", "documents");
    }

    function test_an_update_replaces_the_facts_and_frees_the_old_wallet() public {
        vm.expectEmit(address(registry));
        emit IIssuerRegistry.IssuerUpdated(COMPANY, wallet, "vc 2", "documents 2", "update");
        vm.prank(operator);
        registry.updateIssuer("update", COMPANY, wallet, "vc 2", "documents 2");

        vm.assertEq(registry.getIssuer(COMPANY).wallet, wallet);
        vm.assertEq(registry.getIssuer(COMPANY).vcHash, "vc 2");
        vm.assertEq(registry.getIssuer(COMPANY).liveCampaign, "campaign");
        register(NEW, issuerWallet);
        vm.assertEq(registry.issuerOfWallet(issuerWallet), NEW);
    }

    function test_an_update_may_keep_the_wallet() public {
        vm.prank(operator);
        registry.updateIssuer("update", COMPANY, issuerWallet, "vc 2", "documents 2");
        vm.assertEq(registry.issuerOfWallet(issuerWallet), COMPANY);
    }

    function test_an_unknown_company_cannot_be_changed() public {
        bytes memory refusal = abi.encodeWithSelector(IIssuerRegistry.IssuerUnknown.selector, NEW);
        vm.startPrank(operator);
        vm.expectRevert(refusal);
        registry.updateIssuer("i", NEW, wallet, "vc", "documents");
        vm.expectRevert(refusal);
        registry.deactivateIssuer("i", NEW);
        vm.expectRevert(refusal);
        registry.reactivateIssuer("i", NEW);
    }

    function test_deactivation_can_be_undone_and_neither_is_done_twice() public {
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(IIssuerRegistry.IssuerAlreadyActive.selector, COMPANY));
        registry.reactivateIssuer("a", COMPANY);

        vm.expectEmit(address(registry));
        emit IIssuerRegistry.IssuerDeactivated(COMPANY, "b");
        registry.deactivateIssuer("b", COMPANY);
        vm.assertFalse(registry.getIssuer(COMPANY).active);
        vm.expectRevert(abi.encodeWithSelector(IIssuerRegistry.IssuerAlreadyInactive.selector, COMPANY));
        registry.deactivateIssuer("c", COMPANY);

        vm.expectEmit(address(registry));
        emit IIssuerRegistry.IssuerReactivated(COMPANY, "d");
        registry.reactivateIssuer("d", COMPANY);
        vm.assertTrue(registry.getIssuer(COMPANY).active);
    }

    function test_the_verdict_names_the_first_reason() public {
        verdict(NEW, "not_registered");
        verdict(COMPANY, "live_campaign");
        vm.prank(operator);
        registry.deactivateIssuer(id(), COMPANY);
        verdict(COMPANY, "inactive");
        vm.prank(operator);
        registry.reactivateIssuer(id(), COMPANY);
        cancel();
        verdict(COMPANY, "year_used");
    }

    function test_the_year_turns_at_midnight_in_Addis_Ababa() public {
        cancel();
        uint256 newYear = 1_798_761_600 - 3 hours; // 2027-01-01 00:00 at UTC+3
        vm.warp(newYear - 1);
        vm.assertEq(registry.currentYear(), 2026);
        verdict(COMPANY, "year_used");
        vm.warp(newYear);
        vm.assertEq(registry.currentYear(), 2027);
        verdict(COMPANY, "");
    }

    function test_time_zones_west_of_Greenwich_work() public {
        IssuerRegistry west = new IssuerRegistry(admin, -5 hours);
        vm.warp(1_798_761_600 + 5 hours - 1);
        vm.assertEq(west.currentYear(), 2026);
        vm.warp(1_798_761_600 + 5 hours);
        vm.assertEq(west.currentYear(), 2027);
    }

    function test_an_impossible_time_zone_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IIssuerRegistry.OffsetOutOfRange.selector, int256(14 hours + 1)));
        new IssuerRegistry(admin, 14 hours + 1);
        vm.expectRevert(abi.encodeWithSelector(IIssuerRegistry.OffsetOutOfRange.selector, -int256(14 hours + 1)));
        new IssuerRegistry(admin, -int256(14 hours + 1));
    }

    function testFuzz_the_year_equals_a_count_of_days(uint256 timestamp) public {
        timestamp = 14 hours + timestamp % (400 * 365 days);
        vm.warp(timestamp);
        uint256 day = (timestamp + 3 hours) / 1 days;
        uint256 year = 1970;
        while (true) {
            uint256 length = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
            if (day < length) break;
            day -= length;
            ++year;
        }
        vm.assertEq(registry.currentYear(), year);
    }

    function test_every_year_until_2500_begins_and_ends_on_time() public {
        uint256 begin = 0;
        for (uint256 year = 1970; year < 2500; ++year) {
            uint256 length = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 days : 365 days;
            if (year > 1970) {
                vm.warp(begin - 3 hours);
                vm.assertEq(registry.currentYear(), year);
            }
            begin += length;
            vm.warp(begin - 3 hours - 1);
            vm.assertEq(registry.currentYear(), year);
        }
    }

    function test_a_lock_is_not_freed_by_a_campaign_that_does_not_hold_it() public {
        vm.prank(address(factory));
        registry.releaseLock(COMPANY, "another campaign");
        vm.assertEq(registry.getIssuer(COMPANY).liveCampaign, "campaign");
    }

    function test_one_account_cannot_hold_two_roles() public {
        bytes32 operatorRole = registry.OPERATOR_ROLE();
        bytes32 factoryRole = registry.FACTORY_ROLE();
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(SeparatedRoles.RoleConflict.selector, operator));
        registry.grantRole(factoryRole, operator);
        vm.expectRevert(abi.encodeWithSelector(SeparatedRoles.RoleConflict.selector, admin));
        registry.grantRole(operatorRole, admin);
    }

    function test_a_role_given_up_makes_room_for_another() public {
        bytes32 operatorRole = registry.OPERATOR_ROLE();
        bytes32 factoryRole = registry.FACTORY_ROLE();
        vm.startPrank(admin);
        registry.grantRole(operatorRole, operator); // again: changes nothing
        registry.revokeRole(factoryRole, operator); // not held: changes nothing
        vm.expectRevert(abi.encodeWithSelector(SeparatedRoles.RoleConflict.selector, operator));
        registry.grantRole(factoryRole, operator);
        registry.revokeRole(operatorRole, operator);
        registry.grantRole(factoryRole, operator);
        vm.assertTrue(registry.hasRole(factoryRole, operator));
        vm.assertFalse(registry.hasRole(operatorRole, operator));
    }

    function test_the_registry_and_the_factory_are_no_issuers_wallet() public {
        address[2] memory ours = [address(registry), address(factory)];
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory refusal = abi.encodeWithSelector(IIssuerRegistry.WalletNotAllowed.selector, ours[i]);
            vm.startPrank(operator);
            vm.expectRevert(refusal);
            registry.registerIssuer("i", "other", ours[i], "vc", "documents");
            vm.expectRevert(refusal);
            registry.updateIssuer("i", COMPANY, ours[i], "vc", "documents");
            vm.stopPrank();
        }
    }
}
