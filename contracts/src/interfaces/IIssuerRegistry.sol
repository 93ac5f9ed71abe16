// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IIntents} from "./IIntents.sol";

/// @notice Who may raise money, and how often. Gives the same verdict as the platform's own rules.
interface IIssuerRegistry is IIntents {
    /// @param wallet Where a successful campaign pays; unique among issuers. Zero: not registered.
    /// @param active False after a deactivation.
    /// @param lastStartYear Calendar year of the latest campaign start in the platform's time zone; 0 for none.
    /// @param vcHash Hash of the verifiable credential of the company check.
    /// @param documentsCommitment Salted commitment to the company's files; never the files' own hash.
    /// @param liveCampaign Campaign that holds the exclusivity lock; 0 for none.
    struct Issuer {
        address wallet;
        bool active;
        uint16 lastStartYear;
        bytes32 vcHash;
        bytes32 documentsCommitment;
        bytes32 liveCampaign;
    }

    event IssuerRegistered(
        bytes32 indexed issuerId, address wallet, bytes32 vcHash, bytes32 documentsCommitment, bytes32 intentId
    );
    event IssuerUpdated(
        bytes32 indexed issuerId, address wallet, bytes32 vcHash, bytes32 documentsCommitment, bytes32 intentId
    );
    event IssuerDeactivated(bytes32 indexed issuerId, bytes32 intentId);
    event IssuerReactivated(bytes32 indexed issuerId, bytes32 intentId);
    event LockAcquired(bytes32 indexed issuerId, bytes32 indexed campaignId, uint16 year);
    event LockReleased(bytes32 indexed issuerId, bytes32 indexed campaignId);

    error IssuerMissing();
    error IssuerUnknown(bytes32 issuerId);
    error IssuerAlreadyRegistered(bytes32 issuerId);
    error IssuerAlreadyActive(bytes32 issuerId);
    error IssuerAlreadyInactive(bytes32 issuerId);
    error WalletMissing();
    /// @notice The wallet is this registry or the factory: money paid there would be lost.
    error WalletNotAllowed(address wallet);
    error WalletTaken(address wallet, bytes32 issuerId);
    error OffsetOutOfRange(int256 offset);
    /// @param reason As given by `canStartCampaign`.
    error CannotStartCampaign(bytes32 issuerId, bytes32 reason);

    /// @notice Registers a company, active at once. OPERATOR only.
    function registerIssuer(
        bytes32 intentId,
        bytes32 issuerId,
        address wallet,
        bytes32 vcHash,
        bytes32 documentsCommitment
    ) external;

    /// @notice Replaces the facts of a registered company. A campaign under way keeps the wallet it began with. OPERATOR only.
    function updateIssuer(
        bytes32 intentId,
        bytes32 issuerId,
        address wallet,
        bytes32 vcHash,
        bytes32 documentsCommitment
    ) external;

    /// @notice Stops new campaigns of the company; one under way runs on and can still be closed and refunded. OPERATOR only.
    function deactivateIssuer(bytes32 intentId, bytes32 issuerId) external;

    /// @notice Undoes a deactivation. OPERATOR only.
    function reactivateIssuer(bytes32 intentId, bytes32 issuerId) external;

    /// @notice Takes the exclusivity lock and uses up the calendar year. FACTORY only.
    function acquireLock(bytes32 issuerId, bytes32 campaignId) external;

    /// @notice Gives the lock back; does nothing if the campaign does not hold it. FACTORY only.
    function releaseLock(bytes32 issuerId, bytes32 campaignId) external;

    /// @notice Whether the company may start a campaign now.
    /// @return ok True if it may.
    /// @return reason Empty, or one of not_registered, inactive, live_campaign, year_used; the first that applies.
    function canStartCampaign(bytes32 issuerId) external view returns (bool ok, bytes32 reason);

    function getIssuer(bytes32 issuerId) external view returns (Issuer memory);

    /// @notice The company that uses the wallet; 0 for none.
    function issuerOfWallet(address wallet) external view returns (bytes32);

    /// @notice The calendar year now, in the platform's time zone.
    function currentYear() external view returns (uint16);

    /// @notice Seconds that the platform's time zone is ahead of UTC.
    function timezoneOffset() external view returns (int256);
}
