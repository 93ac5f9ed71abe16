// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Admission, FiatRecord, Position, Record, RecordState, Status} from "../interfaces/ICampaign.sol";
import {ICampaignFactory} from "../interfaces/ICampaignFactory.sol";
import {CampaignBase} from "./CampaignBase.sol";
import {Records} from "./Records.sol";
import {Terms} from "./Terms.sol";

/// @notice Money in: token investments by admitted investors, settled fiat payments by the recorder, and their cancellation.
abstract contract CampaignMoneyIn is CampaignBase {
    using SafeERC20 for IERC20;
    using Records for Records.Row;

    bytes32 private constant ADMISSION_TYPEHASH =
        keccak256("Admission(bytes32 intentId,address investor,uint256 amount,uint256 validUntil,uint256 already)");

    /// @dev What an amount is checked against, read once for all rows of a batch.
    struct Limits {
        uint256 goal;
        uint256 granularity;
        uint256 maximum;
    }

    function invest(Admission calldata admission) external nonReentrant {
        _invest(admission);
    }

    function investWithPermit(Admission calldata admission, uint256 permitDeadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
    {
        // Interaction: before the effects, because the transfer needs it. A failed permit leaves the allowance to decide.
        try IERC20Permit(Terms.token()).permit(msg.sender, address(this), admission.amount, permitDeadline, v, r, s) {}
            catch {}
        _invest(admission);
    }

    function recordInvestment(bytes32 paymentRef, bytes32 investorKey, uint256 amount)
        external
        onlyFactoryRole(RECORDER_ROLE)
    {
        // Check
        State memory state = _requireRecording();
        Limits memory limits = _limits();
        uint256 sum = _total(state);
        Records.Row storage row = _records[paymentRef];
        bytes4 reason = _refusalOfRow(row, paymentRef, investorKey, amount, sum, limits);
        if (reason == IntentAlreadyUsed.selector) revert IntentAlreadyUsed(paymentRef);
        _revertIf(reason);
        // Effect
        row.write(amount, RecordState.Recorded, investorKey);
        emit InvestmentRecorded(paymentRef, investorKey, amount, sum + amount);
        _state.fiatTotal = uint96(state.fiatTotal + amount);
        // Interaction
        factory.noteRecorded(Terms.campaignId(), msg.sender, amount / limits.granularity);
    }

    function recordInvestments(Record[] calldata records) external onlyFactoryRole(RECORDER_ROLE) {
        // Check
        State memory state = _requireRecording();
        if (records.length == 0 || records.length > MAX_ROWS) revert BatchSizeInvalid(records.length);
        uint256 before = _total(state);
        uint256 sum = _recordAll(records, before);
        // Effect
        _state.fiatTotal = uint96(state.fiatTotal + sum - before);
        // Interaction
        factory.noteRecorded(Terms.campaignId(), msg.sender, (sum - before) / Terms.granularity());
    }

    function cancelRecord(bytes32 paymentRef, bytes32 investorKey, uint256 amount)
        external
        onlyFactoryRole(OPERATOR_ROLE)
    {
        // Check
        _requireStatus(Status.Live);
        FiatRecord memory row = _records[paymentRef].read();
        if (row.state == RecordState.None) revert RecordUnknown(paymentRef);
        if (row.state != RecordState.Recorded) revert IntentAlreadyUsed(paymentRef);
        if (row.amount != amount || row.investorTag != bytes19(investorKey)) revert RecordDiffers(paymentRef);
        // Effect
        _records[paymentRef].write(amount, RecordState.Cancelled, investorKey);
        _state.fiatTotal -= uint96(amount);
        emit RecordCancelled(paymentRef, investorKey, amount, total());
    }

    function cancelInvestment(bytes32 intentId, address investor, uint256 amount)
        external
        nonReentrant
        onlyFactoryRole(OPERATOR_ROLE)
    {
        // Check
        _requireStatus(Status.Live);
        if (amount == 0 || amount % Terms.granularity() != 0) revert NotGranular();
        Position storage position = _positions[investor];
        uint256 present = position.amount;
        if (amount > present) revert PositionTooLow(present);
        // Effect
        _useIntent(intentId);
        position.amount = uint96(present - amount);
        _state.tokenTotal -= uint96(amount);
        emit InvestmentCancelled(intentId, investor, amount, total());
        // Interaction
        escrow.pay(investor, amount);
    }

    /// @dev Returns the sum of both kinds of money with these records.
    function _recordAll(Record[] calldata records, uint256 before) private returns (uint256 sum) {
        sum = before;
        Limits memory limits = _limits();
        uint256 most = Math.min(limits.goal, before + factory.recorderRoom(msg.sender) * limits.granularity);
        uint256 count = records.length;
        for (uint256 i = 0; i < count; ++i) {
            Record calldata record = records[i];
            (bytes32 paymentRef, bytes32 investorKey, uint256 amount) =
                (record.paymentRef, record.investorKey, record.amount);
            // Check
            Records.Row storage row = _records[paymentRef];
            // All questions in one; zero counts as too much.
            unchecked {
                if (
                    paymentRef == 0 || investorKey == 0 || row.packed != 0 || amount - 1 >= most - sum
                        || amount > limits.maximum || amount % limits.granularity != 0
                ) {
                    bytes4 reason = _refusalOfRow(row, paymentRef, investorKey, amount, sum, limits);
                    revert BadRow(i, reason == 0 ? ICampaignFactory.RecorderCapReached.selector : reason);
                }
                sum += amount;
            }
            // Effect
            row.write(amount, RecordState.Recorded, investorKey);
            emit InvestmentRecorded(paymentRef, investorKey, amount, sum);
        }
    }

    function _invest(Admission calldata admission) private {
        // Check
        State memory state = _state;
        if (state.status != Status.Live) revert WrongStatus(state.status);
        if (block.timestamp > Terms.deadline()) revert DeadlinePassed(Terms.deadline());
        _requireAdmission(admission);
        uint256 amount = admission.amount;
        uint256 sum = _total(state);
        Position storage position = _positions[msg.sender];
        uint256 present = position.amount;
        uint256 already = position.paidIn;
        // It grows with each investment and never falls, so an admission is good for one.
        if (admission.already != already) revert AdmissionUsed(already);
        _revertIf(_refusalOfTokens(present, amount, sum));
        // Effect
        position.amount = uint96(present + amount);
        position.paidIn = SafeCast.toUint96(already + amount);
        _state.tokenTotal = uint96(state.tokenTotal + amount);
        emit Invested(admission.intentId, msg.sender, amount, sum + amount);
        // Interaction
        IERC20 money = IERC20(Terms.token());
        uint256 before = money.balanceOf(address(escrow));
        money.safeTransferFrom(msg.sender, address(escrow), amount);
        uint256 received = money.balanceOf(address(escrow)) - before;
        if (received != amount) revert AmountNotReceived(received, amount);
        escrow.credit(amount);
    }

    function _requireAdmission(Admission calldata admission) private view {
        if (admission.intentId == 0) revert IntentMissing();
        if (block.timestamp > admission.validUntil) revert AdmissionExpired(admission.validUntil);
        bytes32 content = keccak256(
            abi.encode(
                ADMISSION_TYPEHASH,
                admission.intentId,
                msg.sender,
                admission.amount,
                admission.validUntil,
                admission.already
            )
        );
        (address signer, ECDSA.RecoverError problem,) = ECDSA.tryRecover(_hashTypedDataV4(content), admission.signature);
        // A key that has lost the role has admitted nobody.
        if (problem != ECDSA.RecoverError.NoError || !_has(OPERATOR_ROLE, signer)) revert NotAdmitted(msg.sender);
    }

    function _requireRecording() private view returns (State memory state) {
        state = _state;
        if (state.status != Status.Live) revert WrongStatus(state.status);
        uint256 last = Terms.deadline() + SETTLEMENT_GRACE;
        if (block.timestamp > last) revert DeadlinePassed(last);
        if (Pausable(address(escrow)).paused()) revert RecordingPaused();
    }

    /// @dev Selector of the error that stands against a payment; zero if none. The investor's sum is the platform's to
    /// check: the recorder names the key, so a limit for each key would stop nobody who has the recorder's key.
    function _refusalOfRow(
        Records.Row storage row,
        bytes32 paymentRef,
        bytes32 investorKey,
        uint256 amount,
        uint256 sum,
        Limits memory limits
    ) private view returns (bytes4) {
        if (paymentRef == 0) return IntentMissing.selector;
        if (row.packed != 0) return IntentAlreadyUsed.selector;
        if (investorKey == 0) return InvestorKeyMissing.selector;
        if (amount == 0 || amount % limits.granularity != 0) return NotGranular.selector;
        if (amount > limits.goal - sum) return AboveGoal.selector;
        if (amount > limits.maximum) return AboveMaximum.selector;
        return 0;
    }

    /// @dev Selector of the error that stands against `amount` on top of what the investor has in; zero if none.
    function _refusalOfTokens(uint256 present, uint256 amount, uint256 sum) private view returns (bytes4) {
        uint256 room = Terms.goal() - sum;
        if (amount == 0 || amount % Terms.granularity() != 0) return NotGranular.selector;
        if (amount > room) return AboveGoal.selector;
        if (present + amount > Terms.maxInvestment()) return AboveMaximum.selector;
        if (present + amount < Terms.minInvestment() && amount != room) return BelowMinimum.selector;
        return 0;
    }

    function _limits() private view returns (Limits memory) {
        return Limits(Terms.goal(), Terms.granularity(), Terms.maxInvestment());
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
