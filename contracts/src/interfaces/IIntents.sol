// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice An intent is one intended transaction; its id is written down off chain before anything is sent.
interface IIntents {
    /// @notice The intent was carried out before; nothing happened this time.
    error IntentAlreadyUsed(bytes32 intentId);
    /// @notice The intent id is zero.
    error IntentMissing();

    /// @notice Whether this contract has carried out the platform's intent. Ids of calls that anybody may make are not among them.
    function intentUsed(bytes32 intentId) external view returns (bool);
}
