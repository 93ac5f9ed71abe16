// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";

/// @notice Access control in which one account holds at most one role, so admin, operator and recorder are never one key.
abstract contract SeparatedRoles is AccessControl {
    mapping(address account => bool) private _holdsRole;

    error RoleConflict(address account);

    function _grantRole(bytes32 role, address account) internal override returns (bool granted) {
        // Check
        if (_holdsRole[account] && !hasRole(role, account)) revert RoleConflict(account);
        // Effect
        granted = super._grantRole(role, account);
        _holdsRole[account] = true;
    }

    function _revokeRole(bytes32 role, address account) internal override returns (bool revoked) {
        // Effect
        revoked = super._revokeRole(role, account);
        if (revoked) _holdsRole[account] = false;
    }
}
