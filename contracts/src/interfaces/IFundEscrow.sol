// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Holds the payment tokens of all campaigns in separate accounts. Nobody but a campaign moves its account.
/// @dev A token sent here by a bare transfer belongs to no account and stays for ever: there is no admin withdrawal.
interface IFundEscrow {
    event AccountOpened(address indexed campaign, address indexed token);
    event Credited(address indexed campaign, uint256 amount, uint256 balance);
    event Paid(address indexed campaign, address indexed to, uint256 amount, uint256 balance);

    error AccountExists(address campaign);
    error AccountUnknown(address campaign);
    error BalanceTooLow(address campaign, uint256 balance, uint256 amount);
    /// @notice The account would hold more than what has arrived.
    error NotReceived(address token, uint256 balance, uint256 needed);
    error ReceiverInvalid(address to);

    /// @notice Opens the account of a new campaign. FACTORY only, once per campaign.
    function openAccount(address campaign, address token) external;

    /// @notice Books `amount`, already transferred here, to the caller's account. Refused while paused.
    function credit(uint256 amount) external;

    /// @notice Pays `amount` out of the caller's account. Works while paused.
    function pay(address to, uint256 amount) external;

    /// @notice Stops new money in, on every campaign; refunds and releases go on. PAUSER only.
    function pause() external;

    /// @notice Lets new money in again. PAUSER only.
    function unpause() external;

    function balanceOf(address campaign) external view returns (uint256);

    function tokenOf(address campaign) external view returns (address);

    /// @notice Sum of all accounts in `token`.
    function heldOf(address token) external view returns (uint256);
}
