// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FiatRecord, RecordState} from "../interfaces/ICampaign.sol";

/// @notice A recorded payment in one slot: 19 bytes of the investor's key, one of the state, 12 of the amount.
/// @dev Packed by hand, because the compiler's packing of a struct costs a batch two percent more.
library Records {
    struct Row {
        uint256 packed;
    }

    /// @dev The amount must be below 2 ** 96.
    function write(Row storage row, uint256 amount, RecordState state, bytes32 investorKey) internal {
        row.packed = uint256(bytes32(bytes19(investorKey))) | uint256(state) << 96 | amount;
    }

    function read(Row storage row) internal view returns (FiatRecord memory) {
        uint256 packed = row.packed;
        return FiatRecord(uint96(packed), RecordState(uint8(packed >> 96)), bytes19(bytes32(packed)));
    }
}
