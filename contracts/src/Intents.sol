// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {IIntents} from "./interfaces/IIntents.sol";

abstract contract Intents is IIntents {
    mapping(bytes32 intentId => bool) private _used;

    function intentUsed(bytes32 intentId) public view returns (bool) {
        return _used[intentId];
    }

    function _useIntent(bytes32 intentId) internal {
        // Check
        if (intentId == 0) revert IntentMissing();
        if (_used[intentId]) revert IntentAlreadyUsed(intentId);
        // Effect
        _used[intentId] = true;
    }
}
