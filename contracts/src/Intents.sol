// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IIntents} from "./interfaces/IIntents.sol";

abstract contract Intents is IIntents {
    mapping(bytes32 key => bool) private _used;

    function intentUsed(bytes32 intentId) public view virtual returns (bool) {
        return _used[intentId];
    }

    function _useIntent(bytes32 intentId) internal {
        // Check
        _requireIntent(intentId);
        if (_used[intentId]) revert IntentAlreadyUsed(intentId);
        // Effect
        _used[intentId] = true;
    }

    /// @dev For calls that can only ever work once: their id is only announced.
    function _requireIntent(bytes32 intentId) internal pure {
        if (intentId == 0) revert IntentMissing();
    }
}
