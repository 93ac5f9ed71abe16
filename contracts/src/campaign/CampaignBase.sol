// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Intents} from "../Intents.sol";
import {CampaignParams, FiatRecord, ICampaign, Position, Status} from "../interfaces/ICampaign.sol";
import {ICampaignFactory} from "../interfaces/ICampaignFactory.sol";
import {IFundEscrow} from "../interfaces/IFundEscrow.sol";
import {IIntents} from "../interfaces/IIntents.sol";
import {Records} from "./Records.sol";
import {Terms} from "./Terms.sol";

/// @notice State, roles and reads of a campaign.
abstract contract CampaignBase is ICampaign, Intents, EIP712 {
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    bytes32 public constant RECORDER_ROLE = keccak256("RECORDER_ROLE");
    bytes32 internal constant ADMIN_ROLE = 0x00;
    uint256 public constant FEE_BPS = 250;
    uint256 internal constant BPS = Terms.BPS;
    uint256 public constant MAX_ROWS = 200;

    /// @notice How long after the deadline settled fiat may still be recorded and only an operator may close.
    /// @dev The platform waits at most five days for money. The rest is the margin in which it can record what settled
    /// last and close, although the chain was away for days. A Python test compares both.
    uint256 public constant SETTLEMENT_GRACE = 14 days;

    /// @dev What every call reads, in one slot. A clone begins with zeros, so it is live.
    struct State {
        Status status;
        uint8 releases;
        bool entered;
        uint96 tokenTotal;
        uint96 fiatTotal;
    }

    ICampaignFactory public immutable factory;
    IFundEscrow public immutable escrow;

    State internal _state;
    address internal _newWallet;
    address public proposedWallet;
    bytes32 internal _newTermsHash;

    mapping(address investor => Position) internal _positions;
    mapping(bytes32 paymentRef => Records.Row) internal _records;

    modifier onlyFactoryRole(bytes32 role) {
        if (!_callerHas(role)) revert IAccessControl.AccessControlUnauthorizedAccount(msg.sender, role);
        _;
    }

    /// @dev A guard in the slot that the call writes anyway. What only reads `_state` asks `_requireOutside`.
    modifier nonReentrant() {
        _requireOutside();
        _state.entered = true;
        _;
        _state.entered = false;
    }

    constructor(IFundEscrow escrow_) EIP712("crowdfund campaign", "1") {
        factory = ICampaignFactory(msg.sender);
        escrow = escrow_;
    }

    function terms() external view returns (CampaignParams memory) {
        return CampaignParams({
            campaignId: Terms.campaignId(),
            issuerId: Terms.issuerId(),
            issuerWallet: issuerWallet(),
            token: Terms.token(),
            goal: Terms.goal(),
            minInvestment: Terms.minInvestment(),
            maxInvestment: Terms.maxInvestment(),
            deadline: Terms.deadline(),
            thresholdBps: Terms.thresholdBps(),
            granularity: Terms.granularity(),
            termsHash: termsHash(),
            tranches: Terms.tranches()
        });
    }

    function campaignId() external view returns (bytes32) {
        return Terms.campaignId();
    }

    function issuerId() external view returns (bytes32) {
        return Terms.issuerId();
    }

    function token() external view returns (address) {
        return Terms.token();
    }

    function deadline() external view returns (uint64) {
        return Terms.deadline();
    }

    function status() external view returns (Status) {
        return _state.status;
    }

    function releases() external view returns (uint256) {
        return _state.releases;
    }

    function hasEnded() external view returns (bool) {
        return _state.status >= Status.Failed || _state.releases > 0;
    }

    function tokenTotal() external view returns (uint256) {
        return _state.tokenTotal;
    }

    function fiatTotal() external view returns (uint256) {
        return _state.fiatTotal;
    }

    function positionOf(address investor) external view returns (Position memory) {
        return _positions[investor];
    }

    function recordOf(bytes32 paymentRef) external view returns (FiatRecord memory) {
        return Records.read(_records[paymentRef]);
    }

    function intentUsed(bytes32 intentId) public view override(IIntents, Intents) returns (bool) {
        return super.intentUsed(intentId) || _records[intentId].packed != 0;
    }

    function issuerWallet() public view returns (address) {
        return _newWallet == address(0) ? Terms.issuerWallet() : _newWallet;
    }

    function termsHash() public view returns (bytes32) {
        return _newTermsHash == 0 ? Terms.termsHash() : _newTermsHash;
    }

    function total() public view returns (uint256) {
        return _total(_state);
    }

    function threshold() public view returns (uint256) {
        return (Terms.goal() * Terms.thresholdBps() + BPS - 1) / BPS;
    }

    function feeOn(uint256 amount) public view returns (uint256) {
        return _part(amount, FEE_BPS);
    }

    /// @dev `bps` of an amount, floored to the granularity.
    function _part(uint256 amount, uint256 bps) internal view returns (uint256) {
        uint256 granule = Terms.granularity();
        return amount / granule * bps / BPS * granule;
    }

    function _total(State memory state) internal pure returns (uint256) {
        return uint256(state.tokenTotal) + state.fiatTotal;
    }

    function _callerHas(bytes32 role) internal view returns (bool) {
        return _has(role, msg.sender);
    }

    function _has(bytes32 role, address account) internal view returns (bool) {
        return IAccessControl(address(factory)).hasRole(role, account);
    }

    function _requireStatus(Status wanted) internal view {
        if (_state.status != wanted) revert WrongStatus(_state.status);
    }

    function _requireOutside() internal view {
        if (_state.entered) revert Reentered();
    }
}
