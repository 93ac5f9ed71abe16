// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {CampaignImplementation} from "./CampaignImplementation.sol";
import {Intents} from "./Intents.sol";
import {SeparatedRoles} from "./SeparatedRoles.sol";
import {Terms} from "./campaign/Terms.sol";
import {CampaignParams, ICampaign} from "./interfaces/ICampaign.sol";
import {ICampaignFactory} from "./interfaces/ICampaignFactory.sol";
import {IFundEscrow} from "./interfaces/IFundEscrow.sol";
import {IIssuerRegistry} from "./interfaces/IIssuerRegistry.sol";

/// @dev Documented at {ICampaignFactory}.
contract CampaignFactory is ICampaignFactory, Intents, SeparatedRoles {
    /// @dev What one recorder did and may do beyond the cap on a day; worth nothing on any other.
    struct Day {
        uint16 day;
        uint120 used;
        uint120 extra;
    }

    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    bytes32 public constant RECORDER_ROLE = keccak256("RECORDER_ROLE");

    IIssuerRegistry public immutable registry;
    IFundEscrow public immutable escrow;
    address public immutable implementation;

    address public feeRecipient;
    mapping(bytes32 campaignId => address campaign) public campaignOf;
    mapping(address token => bool allowed) public tokenAllowed;

    uint256 public recorderCap;
    mapping(address recorder => Day) private _days;

    constructor(address admin, IIssuerRegistry registry_, IFundEscrow escrow_, address feeRecipient_) {
        registry = registry_;
        escrow = escrow_;
        // Made here, so that an implementation and its clones can only ever obey this factory.
        implementation = address(new CampaignImplementation(escrow_));
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _setFeeRecipient(feeRecipient_);
    }

    function createCampaign(bytes32 intentId, CampaignParams calldata params)
        external
        onlyRole(OPERATOR_ROLE)
        returns (address campaign)
    {
        // Check
        bytes32 campaignId = params.campaignId;
        if (campaignId == 0) revert CampaignMissing();
        if (campaignOf[campaignId] != address(0)) revert CampaignExists(campaignId);
        if (!tokenAllowed[params.token]) revert TokenNotAllowed(params.token);
        address wallet = registry.getIssuer(params.issuerId).wallet;
        if (wallet != address(0) && wallet != params.issuerWallet) revert WalletMismatch(params.issuerWallet, wallet);
        if (isOurs(params.issuerWallet)) revert WalletNotAllowed(params.issuerWallet);
        Terms.check(params);
        // Effect
        _useIntent(intentId);
        campaign = Clones.cloneDeterministicWithImmutableArgs(implementation, Terms.pack(params), campaignId);
        campaignOf[campaignId] = campaign;
        emit CampaignCreated(campaignId, params.issuerId, campaign, intentId);
        // Interaction
        registry.acquireLock(params.issuerId, campaignId);
        escrow.openAccount(campaign, params.token);
    }

    function freeLock(bytes32 campaignId) external {
        // Check
        address campaign = campaignOf[campaignId];
        if (campaign == address(0)) revert CampaignUnknown(campaignId);
        if (!ICampaign(campaign).hasEnded()) revert CampaignNotEnded(campaignId);
        // Interaction
        registry.releaseLock(ICampaign(campaign).issuerId(), campaignId);
    }

    function allowToken(address token, bool allowed) external onlyRole(DEFAULT_ADMIN_ROLE) {
        // Check
        if (token == address(0)) revert AddressMissing();
        // Effect
        tokenAllowed[token] = allowed;
        emit TokenAllowed(token, allowed);
    }

    function setFeeRecipient(address recipient) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setFeeRecipient(recipient);
    }

    function setRecorderCap(uint96 cap) external onlyRole(DEFAULT_ADMIN_ROLE) {
        // Effect
        recorderCap = cap;
        emit RecorderCapSet(cap);
    }

    function raiseRecorderCap(bytes32 intentId, address recorder, uint96 extra) external onlyRole(OPERATOR_ROLE) {
        // Effect
        _useIntent(intentId);
        Day memory day = _dayOf(recorder);
        day.extra += extra;
        _days[recorder] = day;
        emit RecorderCapRaised(recorder, day.day, extra, intentId);
    }

    function noteRecorded(bytes32 campaignId, address recorder, uint256 amount) external {
        // Check
        if (campaignOf[campaignId] != msg.sender) revert CampaignUnknown(campaignId);
        Day memory day = _dayOf(recorder);
        if (amount > _room(day)) revert RecorderCapReached();
        // Effect
        day.used = SafeCast.toUint120(day.used + amount);
        _days[recorder] = day;
    }

    function recorderRoom(address recorder) public view returns (uint256) {
        return _room(_dayOf(recorder));
    }

    function isOurs(address account) public view returns (bool) {
        return account == address(0) || account == address(this) || account == address(registry)
            || account == address(escrow) || account == implementation || tokenAllowed[account]
            || escrow.tokenOf(account) != address(0);
    }

    function predict(CampaignParams calldata params) external view returns (address) {
        return Clones.predictDeterministicAddressWithImmutableArgs(
            implementation, Terms.pack(params), params.campaignId
        );
    }

    function _dayOf(address recorder) private view returns (Day memory day) {
        day = _days[recorder];
        uint16 today = uint16(block.timestamp / 1 days);
        if (day.day != today) day = Day(today, 0, 0);
    }

    function _room(Day memory day) private view returns (uint256) {
        uint256 limit = recorderCap + day.extra;
        // The cap may have been lowered since.
        return limit > day.used ? limit - day.used : 0;
    }

    function _setFeeRecipient(address recipient) private {
        // Check
        if (recipient == address(0)) revert AddressMissing();
        // Effect
        feeRecipient = recipient;
        emit FeeRecipientSet(recipient);
    }
}
