// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CampaignParams} from "./ICampaign.sol";
import {IFundEscrow} from "./IFundEscrow.sol";
import {IIntents} from "./IIntents.sol";
import {IIssuerRegistry} from "./IIssuerRegistry.sol";

/// @notice Makes campaigns and holds the roles and settings that all of them read.
interface ICampaignFactory is IIntents {
    event CampaignCreated(bytes32 indexed campaignId, bytes32 indexed issuerId, address campaign, bytes32 intentId);
    event TokenAllowed(address indexed token, bool allowed);
    event FeeRecipientSet(address indexed feeRecipient);
    event RecorderCapSet(uint256 cap);
    event RecorderCapRaised(address indexed recorder, uint256 indexed day, uint256 extra, bytes32 intentId);

    error AddressMissing();
    error CampaignMissing();
    error CampaignExists(bytes32 campaignId);
    error CampaignUnknown(bytes32 campaignId);
    error CampaignNotEnded(bytes32 campaignId);
    error TokenNotAllowed(address token);
    error WalletMismatch(address given, address registered);
    /// @notice The issuer's wallet is zero or a contract of the platform.
    error WalletNotAllowed(address wallet);
    /// @notice The recorder has recorded as much as one may on one day.
    error RecorderCapReached();

    /// @notice Creates a campaign at its predicted address, live at once. OPERATOR only.
    function createCampaign(bytes32 intentId, CampaignParams calldata params) external returns (address campaign);

    /// @notice Gives the issuer's exclusivity lock back once the campaign has ended. Anyone; campaigns call it themselves.
    function freeLock(bytes32 campaignId) external;

    /// @notice Decides which tokens new campaigns may use; never plain fee-on-transfer or rebasing ones. Admin only.
    function allowToken(address token, bool allowed) external;

    /// @notice Sets who receives the platform's fee from now on. Admin only.
    function setFeeRecipient(address recipient) external;

    /// @notice Sets how much one recorder may record on one day (UTC) over all campaigns. Admin only.
    /// @param cap Granules, which are minor units of the journal; 0 at first, which lets nobody record.
    function setRecorderCap(uint96 cap) external;

    /// @notice Lets one recorder record `extra` granules more today. OPERATOR only.
    function raiseRecorderCap(bytes32 intentId, address recorder, uint96 extra) external;

    /// @notice Counts what a recorder has recorded on a campaign. That campaign only.
    function noteRecorded(bytes32 campaignId, address recorder, uint256 amount) external;

    /// @notice Granules that a recorder may still record today.
    function recorderRoom(address recorder) external view returns (uint256);

    /// @notice Granules that one recorder may record on one day.
    function recorderCap() external view returns (uint256);

    /// @notice Whether the address is zero or a contract of the platform, where nobody could take money out again.
    function isOurs(address account) external view returns (bool);

    /// @notice The address that a campaign with these terms has or will have.
    function predict(CampaignParams calldata params) external view returns (address);

    /// @notice The campaign's address; zero if it was not created.
    function campaignOf(bytes32 campaignId) external view returns (address);

    function tokenAllowed(address token) external view returns (bool);

    function feeRecipient() external view returns (address);

    function implementation() external view returns (address);

    function escrow() external view returns (IFundEscrow);

    function registry() external view returns (IIssuerRegistry);
}
