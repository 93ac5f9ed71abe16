// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Calendar} from "./Calendar.sol";
import {Intents} from "./Intents.sol";
import {SeparatedRoles} from "./SeparatedRoles.sol";
import {IIssuerRegistry} from "./interfaces/IIssuerRegistry.sol";

/// @dev Documented at {IIssuerRegistry}.
contract IssuerRegistry is IIssuerRegistry, Intents, SeparatedRoles {
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    bytes32 public constant FACTORY_ROLE = keccak256("FACTORY_ROLE");

    int256 public immutable timezoneOffset;

    mapping(bytes32 issuerId => Issuer) private _issuers;
    mapping(address wallet => bytes32 issuerId) public issuerOfWallet;

    constructor(address admin, int256 timezoneOffset_) {
        // Check
        if (timezoneOffset_ < -14 hours || timezoneOffset_ > 14 hours) revert OffsetOutOfRange(timezoneOffset_);
        // Effect
        timezoneOffset = timezoneOffset_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    function registerIssuer(
        bytes32 intentId,
        bytes32 issuerId,
        address wallet,
        bytes32 vcHash,
        bytes32 documentsCommitment
    ) external onlyRole(OPERATOR_ROLE) {
        // Check
        if (issuerId == 0) revert IssuerMissing();
        if (_issuers[issuerId].wallet != address(0)) revert IssuerAlreadyRegistered(issuerId);
        // Effect
        _useIntent(intentId);
        _issuers[issuerId].active = true;
        _setFacts(issuerId, wallet, vcHash, documentsCommitment);
        emit IssuerRegistered(issuerId, wallet, vcHash, documentsCommitment, intentId);
    }

    function updateIssuer(
        bytes32 intentId,
        bytes32 issuerId,
        address wallet,
        bytes32 vcHash,
        bytes32 documentsCommitment
    ) external onlyRole(OPERATOR_ROLE) {
        // Check
        address oldWallet = _registered(issuerId).wallet;
        // Effect
        _useIntent(intentId);
        delete issuerOfWallet[oldWallet];
        _setFacts(issuerId, wallet, vcHash, documentsCommitment);
        emit IssuerUpdated(issuerId, wallet, vcHash, documentsCommitment, intentId);
    }

    function deactivateIssuer(bytes32 intentId, bytes32 issuerId) external onlyRole(OPERATOR_ROLE) {
        // Check
        Issuer storage issuer = _registered(issuerId);
        if (!issuer.active) revert IssuerAlreadyInactive(issuerId);
        // Effect
        _useIntent(intentId);
        issuer.active = false;
        emit IssuerDeactivated(issuerId, intentId);
    }

    function reactivateIssuer(bytes32 intentId, bytes32 issuerId) external onlyRole(OPERATOR_ROLE) {
        // Check
        Issuer storage issuer = _registered(issuerId);
        if (issuer.active) revert IssuerAlreadyActive(issuerId);
        // Effect
        _useIntent(intentId);
        issuer.active = true;
        emit IssuerReactivated(issuerId, intentId);
    }

    function acquireLock(bytes32 issuerId, bytes32 campaignId) external onlyRole(FACTORY_ROLE) {
        // Check
        (bool ok, bytes32 reason) = canStartCampaign(issuerId);
        if (!ok) revert CannotStartCampaign(issuerId, reason);
        // Effect
        uint16 year = currentYear();
        _issuers[issuerId].liveCampaign = campaignId;
        _issuers[issuerId].lastStartYear = year;
        emit LockAcquired(issuerId, campaignId, year);
    }

    function releaseLock(bytes32 issuerId, bytes32 campaignId) external onlyRole(FACTORY_ROLE) {
        // Check
        if (_issuers[issuerId].liveCampaign != campaignId) return;
        // Effect
        _issuers[issuerId].liveCampaign = 0;
        emit LockReleased(issuerId, campaignId);
    }

    function getIssuer(bytes32 issuerId) external view returns (Issuer memory) {
        return _issuers[issuerId];
    }

    function canStartCampaign(bytes32 issuerId) public view returns (bool ok, bytes32 reason) {
        Issuer storage issuer = _issuers[issuerId];
        if (issuer.wallet == address(0)) return (false, "not_registered");
        if (!issuer.active) return (false, "inactive");
        if (issuer.liveCampaign != 0) return (false, "live_campaign");
        if (issuer.lastStartYear == currentYear()) return (false, "year_used");
        return (true, "");
    }

    function currentYear() public view returns (uint16) {
        return Calendar.yearOf(uint256(int256(block.timestamp) + timezoneOffset));
    }

    function _registered(bytes32 issuerId) private view returns (Issuer storage issuer) {
        issuer = _issuers[issuerId];
        if (issuer.wallet == address(0)) revert IssuerUnknown(issuerId);
    }

    function _setFacts(bytes32 issuerId, address wallet, bytes32 vcHash, bytes32 documentsCommitment) private {
        // Check
        if (wallet == address(0)) revert WalletMissing();
        if (wallet == address(this) || hasRole(FACTORY_ROLE, wallet)) revert WalletNotAllowed(wallet);
        // Two entries with one wallet would be one company with two campaigns a year.
        if (issuerOfWallet[wallet] != 0) revert WalletTaken(wallet, issuerOfWallet[wallet]);
        // Effect
        issuerOfWallet[wallet] = issuerId;
        Issuer storage issuer = _issuers[issuerId];
        issuer.wallet = wallet;
        issuer.vcHash = vcHash;
        issuer.documentsCommitment = documentsCommitment;
    }
}
