// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Admission, Position, Record, Status} from "../interfaces/ICampaign.sol";
import {ICampaignFactory} from "../interfaces/ICampaignFactory.sol";
import {CampaignBase} from "./CampaignBase.sol";

/// @notice Money in: token investments by admitted investors, settled fiat payments by the recorder, and their cancellation.
abstract contract CampaignMoneyIn is CampaignBase {
    using SafeERC20 for IERC20;

    bytes32 private constant ADMISSION_TYPEHASH =
        keccak256("Admission(bytes32 intentId,address investor,uint256 amount,uint256 validUntil)");

    function invest(Admission calldata admission) external nonReentrant {
        _invest(admission);
    }

    function investWithPermit(Admission calldata admission, uint256 permitDeadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
    {
        // Interaction: before the effects, because the transfer needs it. A failed permit leaves the allowance to decide.
        try IERC20Permit(token).permit(msg.sender, address(this), admission.amount, permitDeadline, v, r, s) {} catch {}
        _invest(admission);
    }

    function recordInvestment(bytes32 paymentRef, bytes32 investorKey, uint256 amount)
        external
        onlyFactoryRole(RECORDER_ROLE)
    {
        // Check
        _requireRecording();
        uint256 sum = total();
        bytes4 reason = _refusalOfRow(paymentRef, investorKey, amount, sum);
        if (reason == IntentAlreadyUsed.selector) revert IntentAlreadyUsed(paymentRef);
        _revertIf(reason);
        // Effect
        _record(paymentRef, investorKey, amount, sum + amount);
        _fiatTotal += uint128(amount);
        // Interaction
        factory.noteRecorded(campaignId, msg.sender, amount / _granularity);
    }

    function recordInvestments(Record[] calldata records) external onlyFactoryRole(RECORDER_ROLE) {
        // Check
        _requireRecording();
        if (records.length == 0 || records.length > MAX_ROWS) revert BatchSizeInvalid(records.length);
        uint256 before = total();
        uint256 sum = before;
        uint256 cap = factory.recorderRoom(msg.sender);
        for (uint256 i = 0; i < records.length; ++i) {
            Record calldata row = records[i];
            // Check
            bytes4 reason = _refusalOfRow(row.paymentRef, row.investorKey, row.amount, sum);
            if (reason == 0 && (sum + row.amount - before) / _granularity > cap) {
                reason = ICampaignFactory.RecorderCapReached.selector;
            }
            if (reason != 0) revert BadRow(i, reason);
            // Effect
            sum += row.amount;
            _record(row.paymentRef, row.investorKey, row.amount, sum);
        }
        _fiatTotal += uint128(sum - before);
        // Interaction
        factory.noteRecorded(campaignId, msg.sender, (sum - before) / _granularity);
    }

    function cancelRecord(bytes32 paymentRef, bytes32 investorKey, uint256 amount)
        external
        onlyFactoryRole(OPERATOR_ROLE)
    {
        // Check
        _requireStatus(Status.Live);
        if (!intentUsed(paymentRef)) revert RecordUnknown(paymentRef);
        if (amount == 0 || amount % _granularity != 0) revert NotGranular();
        Position storage position = _fiatPositions[investorKey];
        if (amount > position.amount) revert AboveRecorded(position.amount);
        // Effect
        _useFor("cancelled", paymentRef);
        position.amount -= uint128(amount);
        _fiatTotal -= uint128(amount);
        emit RecordCancelled(paymentRef, investorKey, amount, total());
    }

    function _invest(Admission calldata admission) private {
        // Check
        _requireStatus(Status.Live);
        if (block.timestamp > deadline) revert DeadlinePassed(deadline);
        _requireAdmission(admission);
        bytes32 intentId = admission.intentId;
        uint256 amount = admission.amount;
        uint256 sum = total();
        Position storage position = _positions[msg.sender];
        _revertIf(_refusal(position.amount, amount, sum));
        // Effect
        _useOwnIntent(intentId);
        position.amount += uint128(amount);
        _tokenTotal += uint128(amount);
        emit Invested(intentId, msg.sender, amount, sum + amount);
        // Interaction
        IERC20 money = IERC20(token);
        uint256 before = money.balanceOf(address(escrow));
        money.safeTransferFrom(msg.sender, address(escrow), amount);
        uint256 received = money.balanceOf(address(escrow)) - before;
        if (received != amount) revert AmountNotReceived(received, amount);
        escrow.credit(amount);
    }

    function _record(bytes32 paymentRef, bytes32 investorKey, uint256 amount, uint256 sum) private {
        // Effect
        _useIntent(paymentRef);
        _fiatPositions[investorKey].amount += uint128(amount);
        emit InvestmentRecorded(paymentRef, investorKey, amount, sum);
    }

    function _requireAdmission(Admission calldata admission) private view {
        if (block.timestamp > admission.validUntil) revert AdmissionExpired(admission.validUntil);
        bytes32 content = keccak256(
            abi.encode(ADMISSION_TYPEHASH, admission.intentId, msg.sender, admission.amount, admission.validUntil)
        );
        (address signer, ECDSA.RecoverError problem,) = ECDSA.tryRecover(_hashTypedDataV4(content), admission.signature);
        // A key that has lost the role has admitted nobody.
        if (problem != ECDSA.RecoverError.NoError || !_has(OPERATOR_ROLE, signer)) revert NotAdmitted(msg.sender);
    }

    function _requireRecording() private view {
        _requireStatus(Status.Live);
        if (block.timestamp > deadline + SETTLEMENT_GRACE) revert DeadlinePassed(deadline + SETTLEMENT_GRACE);
        if (Pausable(address(escrow)).paused()) revert RecordingPaused();
    }

    function _refusalOfRow(bytes32 paymentRef, bytes32 investorKey, uint256 amount, uint256 sum)
        private
        view
        returns (bytes4)
    {
        if (paymentRef == 0) return IntentMissing.selector;
        if (intentUsed(paymentRef)) return IntentAlreadyUsed.selector;
        if (investorKey == 0) return InvestorKeyMissing.selector;
        return _refusal(_fiatPositions[investorKey].amount, amount, sum);
    }

    /// @dev Selector of the error that stands against `amount` on top of the investor's `already`; zero if none.
    function _refusal(uint256 already, uint256 amount, uint256 sum) private view returns (bytes4) {
        uint256 room = _goal - sum;
        if (amount == 0 || amount % _granularity != 0) return NotGranular.selector;
        if (amount > room) return AboveGoal.selector;
        if (already + amount > _maxInvestment) return AboveMaximum.selector;
        if (already + amount < _minInvestment && amount != room) return BelowMinimum.selector;
        return 0;
    }

    function _revertIf(bytes4 reason) private pure {
        if (reason == 0) return;
        if (reason == NotGranular.selector) revert NotGranular();
        if (reason == AboveGoal.selector) revert AboveGoal();
        if (reason == AboveMaximum.selector) revert AboveMaximum();
        if (reason == BelowMinimum.selector) revert BelowMinimum();
        if (reason == InvestorKeyMissing.selector) revert InvestorKeyMissing();
        revert IntentMissing();
    }
}
