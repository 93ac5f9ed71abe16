// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The local chain's payment token. Production uses an allow-listed stablecoin instead.
interface IPaymentToken {
    /// @notice Creates `amount` of the smallest unit for `to`. MINTER only.
    function mint(address to, uint256 amount) external;
}
