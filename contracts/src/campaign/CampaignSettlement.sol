// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FiatRecord, Position, RecordState, RefundRecord, Status} from "../interfaces/ICampaign.sol";
import {CampaignBase} from "./CampaignBase.sol";
import {Records} from "./Records.sol";
import {Terms} from "./Terms.sol";

/// @notice The end of a campaign, and money out.
abstract contract CampaignSettlement is CampaignBase {
    using Records for Records.Row;

    /// @dev Sums of a release, the fees within them.
    struct Out {
        uint256 tokens;
        uint256 tokenFee;
        uint256 fiat;
        uint256 fiatFee;
    }

    function close(bytes32 intentId) external nonReentrant {
        // Check
        _requireStatus(Status.Live);
        _close(intentId);
    }

    function closeConfirmed(bytes32 intentId, uint256 fiatSettled)
        external
        nonReentrant
        onlyFactoryRole(OPERATOR_ROLE)
    {
        // Check
        _requireStatus(Status.Live);
        if (fiatSettled % Terms.granularity() != 0) revert NotGranular();
        // Effect
        if (fiatSettled < _state.fiatTotal) {
            emit FiatNotConfirmed(intentId, _state.fiatTotal - fiatSettled);
            _state.fiatTotal = uint96(fiatSettled);
        }
        _close(intentId);
    }

    function proposeIssuerWallet(bytes32 intentId, address wallet) external onlyFactoryRole(OPERATOR_ROLE) {
        // Check
        _requireRedirectable(wallet);
        // Effect
        _useIntent(intentId);
        proposedWallet = wallet;
        emit IssuerWalletProposed(intentId, wallet);
    }

    function confirmIssuerWallet(bytes32 intentId, address wallet) external onlyFactoryRole(ADMIN_ROLE) {
        // Check
        _requireRedirectable(wallet);
        if (wallet != proposedWallet) revert WalletNotProposed(wallet);
        // Effect
        _useIntent(intentId);
        emit IssuerWalletChanged(intentId, issuerWallet(), wallet);
        _newWallet = wallet;
        delete proposedWallet;
    }

    function changeTerms(bytes32 intentId, bytes32 newTermsHash) external onlyFactoryRole(OPERATOR_ROLE) {
        // Check
        _requireStatus(Status.Live);
        if (newTermsHash == 0) revert TermsHashMissing();
        // Effect
        _useIntent(intentId);
        emit TermsChanged(intentId, termsHash(), newTermsHash);
        _newTermsHash = newTermsHash;
    }

    function cancel(bytes32 intentId) external nonReentrant onlyFactoryRole(OPERATOR_ROLE) {
        // Check
        _requireStatus(Status.Live);
        _requireIntent(intentId);
        // Effect
        _state.status = Status.Cancelled;
        emit Cancelled(intentId, total());
        // Interaction
        _freeLock();
    }

    function release(bytes32 intentId, uint256 tranche) external nonReentrant onlyFactoryRole(OPERATOR_ROLE) {
        // Check
        _requireStatus(Status.Succeeded);
        _requireIntent(intentId);
        State memory state = _state;
        if (tranche != state.releases) revert WrongTranche(state.releases);
        uint256 share = Terms.shareAfter(tranche);
        // Effect
        _state.releases = uint8(tranche + 1);
        if (share == BPS) _state.status = Status.Released;
        Out memory sums = _outAfter(state, share);
        if (tranche > 0) {
            Out memory before = _outAfter(state, Terms.shareAfter(tranche - 1));
            sums = Out(
                sums.tokens - before.tokens,
                sums.tokenFee - before.tokenFee,
                sums.fiat - before.fiat,
                sums.fiatFee - before.fiatFee
            );
        }
        address wallet = issuerWallet();
        emit Released(intentId, wallet, sums.tokens - sums.tokenFee, sums.tokenFee);
        emit FiatReleased(intentId, sums.fiat - sums.fiatFee, sums.fiatFee);
        // Interaction
        if (sums.tokens > sums.tokenFee) escrow.pay(wallet, sums.tokens - sums.tokenFee);
        if (sums.tokenFee > 0) escrow.pay(factory.feeRecipient(), sums.tokenFee);
        if (tranche == 0) _freeLock();
    }

    function claimRefund() external {
        _refund(msg.sender);
    }

    function refundFor(address investor) external {
        _refund(investor);
    }

    function recordRefund(bytes32 paymentRef, bytes32 investorKey) external onlyFactoryRole(RECORDER_ROLE) {
        // Check
        _requireRefunding();
        bytes4 reason = _refusalOfRefund(paymentRef, investorKey);
        if (reason == RecordUnknown.selector) revert RecordUnknown(paymentRef);
        if (reason != 0) revert NothingToRefund();
        // Effect
        _recordRefund(paymentRef, investorKey);
    }

    function recordRefunds(RefundRecord[] calldata records) external onlyFactoryRole(RECORDER_ROLE) {
        // Check
        _requireRefunding();
        if (records.length == 0 || records.length > MAX_ROWS) revert BatchSizeInvalid(records.length);
        for (uint256 i = 0; i < records.length; ++i) {
            RefundRecord calldata row = records[i];
            // Check
            bytes4 reason = _refusalOfRefund(row.paymentRef, row.investorKey);
            if (reason != 0) revert BadRow(i, reason);
            // Effect
            _recordRefund(row.paymentRef, row.investorKey);
        }
    }

    function _close(bytes32 intentId) private {
        // Check
        _requireIntent(intentId);
        uint256 sum = total();
        bool succeeded = sum >= threshold();
        uint256 last = Terms.deadline();
        bool mayClose = _callerHas(OPERATOR_ROLE)
            ? succeeded || block.timestamp > last
            : block.timestamp > last + SETTLEMENT_GRACE;
        if (!mayClose) revert CloseTooEarly();
        // Effect
        _state.status = succeeded ? Status.Succeeded : Status.Failed;
        emit Closed(intentId, succeeded, sum);
        // Interaction
        if (!succeeded) _freeLock();
    }

    /// @dev Without the guard's writes: the claim is gone before anything is called.
    function _refund(address investor) private {
        // Check
        _requireOutside();
        _requireRefunding();
        Position memory position = _positions[investor];
        if (position.amount == 0 || position.refunded) revert NothingToRefund();
        // Effect
        _positions[investor].refunded = true;
        emit Refunded(investor, position.amount);
        // Interaction
        escrow.pay(investor, position.amount);
    }

    function _recordRefund(bytes32 paymentRef, bytes32 investorKey) private {
        // Effect
        Records.Row storage row = _records[paymentRef];
        uint256 amount = row.read().amount;
        row.write(amount, RecordState.Refunded, investorKey);
        emit RefundRecorded(paymentRef, investorKey, amount);
    }

    /// @dev Selector of the error that stands against noting a refund; zero if none.
    function _refusalOfRefund(bytes32 paymentRef, bytes32 investorKey) private view returns (bytes4) {
        FiatRecord memory row = _records[paymentRef].read();
        if (row.state == RecordState.None || row.investorTag != bytes19(investorKey)) return RecordUnknown.selector;
        if (row.state != RecordState.Recorded) return NothingToRefund.selector;
        return 0;
    }

    /// @dev What is out once `share` of 10,000 of both kinds of money has been released. The fee on the fiat part floors
    /// with each share; with the last it bears what flooring twice would lose, so the fees add up to the fee on the total.
    function _outAfter(State memory state, uint256 share) private view returns (Out memory sums) {
        sums.tokens = _part(state.tokenTotal, share);
        sums.fiat = _part(state.fiatTotal, share);
        sums.tokenFee = feeOn(sums.tokens);
        sums.fiatFee = share == BPS ? feeOn(_total(state)) - sums.tokenFee : feeOn(sums.fiat);
    }

    function _requireRedirectable(address wallet) private view {
        Status status_ = _state.status;
        if (status_ != Status.Live && status_ != Status.Succeeded) revert WrongStatus(status_);
        if (factory.isOurs(wallet)) revert WalletNotAllowed(wallet);
    }

    /// @dev A registry that refuses must not hold up anybody's money, so its failure is only noted.
    function _freeLock() private {
        try factory.freeLock(Terms.campaignId()) {}
        catch {
            emit LockNotFreed(Terms.campaignId());
        }
    }

    function _requireRefunding() private view {
        Status status_ = _state.status;
        if (status_ != Status.Failed && status_ != Status.Cancelled) revert WrongStatus(status_);
    }
}
