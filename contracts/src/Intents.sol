// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IIntents} from "./interfaces/IIntents.sol";

abstract contract Intents is IIntents {
    mapping(bytes32 key => bool) private _used;

    function intentUsed(bytes32 intentId) public view returns (bool) {
        return _used[intentId];
    }

    function _useIntent(bytes32 intentId) internal {
        _use(intentId, intentId);
    }

    /// @dev For calls that anybody may make: nobody can spend an id that the platform, or somebody else, is going to use.
    function _useOwnIntent(bytes32 intentId) internal {
        _use(intentId, _ownKey(msg.sender, intentId));
    }

    /// @dev For what may follow a used intent once.
    function _useFor(bytes32 purpose, bytes32 intentId) internal {
        _use(intentId, keccak256(abi.encode(purpose, intentId)));
    }

    function _ownIntentUsed(address caller, bytes32 intentId) internal view returns (bool) {
        return _used[_ownKey(caller, intentId)];
    }

    function _use(bytes32 intentId, bytes32 key) private {
        // Check
        if (intentId == 0) revert IntentMissing();
        if (_used[key]) revert IntentAlreadyUsed(intentId);
        // Effect
        _used[key] = true;
    }

    function _ownKey(address caller, bytes32 intentId) private pure returns (bytes32) {
        return keccak256(abi.encode(caller, intentId));
    }
}
