// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Intents} from "../Intents.sol";
import {CampaignParams, ICampaign, Position, Status} from "../interfaces/ICampaign.sol";
import {ICampaignFactory} from "../interfaces/ICampaignFactory.sol";
import {IFundEscrow} from "../interfaces/IFundEscrow.sol";

/// @notice State, roles and reads of a campaign.
abstract contract CampaignBase is ICampaign, Intents, ReentrancyGuard, EIP712 {
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    bytes32 public constant RECORDER_ROLE = keccak256("RECORDER_ROLE");
    bytes32 internal constant ADMIN_ROLE = 0x00;
    uint256 public constant FEE_BPS = 250;
    uint256 internal constant BPS = 10_000;
    uint256 public constant MAX_ROWS = 200;

    /// @notice How long after the deadline settled fiat may still be recorded and only an operator may close.
    /// @dev The platform waits at most five days for money. The rest is the margin in which it can record what settled
    /// last and close, although the chain was away for days. A Python test compares both.
    uint256 public constant SETTLEMENT_GRACE = 14 days;

    ICampaignFactory public immutable factory;
    IFundEscrow public immutable escrow;

    Status public status;
    uint16 public thresholdBps;
    uint64 public deadline;
    address public issuerWallet;
    address public proposedWallet;
    address public token;
    uint128 internal _goal;
    uint128 internal _granularity;
    uint128 internal _minInvestment;
    uint128 internal _maxInvestment;
    uint128 internal _tokenTotal;
    uint128 internal _fiatTotal;
    bytes32 public campaignId;
    bytes32 public issuerId;
    bytes32 public termsHash;

    mapping(address investor => Position) internal _positions;
    mapping(bytes32 investorKey => Position) internal _fiatPositions;

    modifier onlyFactoryRole(bytes32 role) {
        if (!_callerHas(role)) revert IAccessControl.AccessControlUnauthorizedAccount(msg.sender, role);
        _;
    }

    constructor(IFundEscrow escrow_) EIP712("crowdfund campaign", "1") {
        factory = ICampaignFactory(msg.sender);
        escrow = escrow_;
    }

    function terms() external view returns (CampaignParams memory) {
        return CampaignParams({
            campaignId: campaignId,
            issuerId: issuerId,
            issuerWallet: issuerWallet,
            token: token,
            goal: _goal,
            minInvestment: _minInvestment,
            maxInvestment: _maxInvestment,
            deadline: deadline,
            thresholdBps: thresholdBps,
            granularity: _granularity,
            termsHash: termsHash
        });
    }

    function intentUsedBy(address investor, bytes32 intentId) external view returns (bool) {
        return _ownIntentUsed(investor, intentId);
    }

    function hasEnded() external view returns (bool) {
        return status >= Status.Failed;
    }

    function tokenTotal() external view returns (uint256) {
        return _tokenTotal;
    }

    function fiatTotal() external view returns (uint256) {
        return _fiatTotal;
    }

    function positionOf(address investor) external view returns (Position memory) {
        return _positions[investor];
    }

    function fiatPositionOf(bytes32 investorKey) external view returns (Position memory) {
        return _fiatPositions[investorKey];
    }

    function total() public view returns (uint256) {
        return uint256(_tokenTotal) + _fiatTotal;
    }

    function threshold() public view returns (uint256) {
        return (uint256(_goal) * thresholdBps + BPS - 1) / BPS;
    }

    function feeOn(uint256 amount) public view returns (uint256) {
        return amount / _granularity * FEE_BPS / BPS * _granularity;
    }

    function _callerHas(bytes32 role) internal view returns (bool) {
        return _has(role, msg.sender);
    }

    function _has(bytes32 role, address account) internal view returns (bool) {
        return IAccessControl(address(factory)).hasRole(role, account);
    }

    function _requireStatus(Status wanted) internal view {
        if (status != wanted) revert WrongStatus(status);
    }
}
