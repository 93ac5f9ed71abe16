// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Position, RefundRecord, Status} from "../interfaces/ICampaign.sol";
import {CampaignBase} from "./CampaignBase.sol";

/// @notice The end of a campaign, and money out.
abstract contract CampaignSettlement is CampaignBase {
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
        if (fiatSettled % _granularity != 0) revert NotGranular();
        // Effect
        if (fiatSettled < _fiatTotal) {
            emit FiatNotConfirmed(intentId, _fiatTotal - fiatSettled);
            _fiatTotal = uint128(fiatSettled);
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
        emit IssuerWalletChanged(intentId, issuerWallet, wallet);
        issuerWallet = wallet;
        delete proposedWallet;
    }

    function cancel(bytes32 intentId) external nonReentrant onlyFactoryRole(OPERATOR_ROLE) {
        // Check
        _requireStatus(Status.Live);
        // Effect
        _useIntent(intentId);
        status = Status.Cancelled;
        emit Cancelled(intentId, total());
        // Interaction
        _freeLock();
    }

    function release(bytes32 intentId) external nonReentrant onlyFactoryRole(OPERATOR_ROLE) {
        // Check
        _requireStatus(Status.Succeeded);
        // Effect
        _useIntent(intentId);
        status = Status.Released;
        uint256 tokenFee = feeOn(_tokenTotal);
        // The fiat part bears what flooring twice would lose, at most one granule, so the fees add up to the fee on the total.
        uint256 fiatFee = feeOn(total()) - tokenFee;
        uint256 toIssuer = _tokenTotal - tokenFee;
        emit Released(intentId, issuerWallet, toIssuer, tokenFee);
        emit FiatReleased(intentId, _fiatTotal - fiatFee, fiatFee);
        // Interaction
        if (toIssuer > 0) escrow.pay(issuerWallet, toIssuer);
        if (tokenFee > 0) escrow.pay(factory.feeRecipient(), tokenFee);
        _freeLock();
    }

    function claimRefund() external {
        _refund(msg.sender);
    }

    function refundFor(address investor) external {
        _refund(investor);
    }

    function recordRefund(bytes32 paymentRef, bytes32 investorKey) external onlyFactoryRole(RECORDER_ROLE) {
        // Check
        _refundable(_fiatPositions[investorKey]);
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
            bytes4 reason = _refusalOfRefund(row);
            if (reason != 0) revert BadRow(i, reason);
            // Effect
            _recordRefund(row.paymentRef, row.investorKey);
        }
    }

    function _close(bytes32 intentId) private {
        // Check
        uint256 sum = total();
        bool succeeded = sum >= threshold();
        bool asOperator = _callerHas(OPERATOR_ROLE);
        bool mayClose =
            asOperator ? succeeded || block.timestamp > deadline : block.timestamp > deadline + SETTLEMENT_GRACE;
        if (!mayClose) revert CloseTooEarly();
        // Effect
        if (asOperator) _useIntent(intentId);
        else _useOwnIntent(intentId);
        status = succeeded ? Status.Succeeded : Status.Failed;
        emit Closed(intentId, succeeded, sum);
        // Interaction
        if (!succeeded) _freeLock();
    }

    function _refund(address investor) private nonReentrant {
        // Check
        uint256 amount = _refundable(_positions[investor]);
        // Effect
        _positions[investor].refunded = true;
        emit Refunded(investor, amount);
        // Interaction
        escrow.pay(investor, amount);
    }

    function _recordRefund(bytes32 paymentRef, bytes32 investorKey) private {
        // Effect
        _useIntent(paymentRef);
        Position storage position = _fiatPositions[investorKey];
        position.refunded = true;
        emit RefundRecorded(paymentRef, investorKey, position.amount);
    }

    /// @dev Selector of the error that stands against a row; zero if none.
    function _refusalOfRefund(RefundRecord calldata row) private view returns (bytes4) {
        Position storage position = _fiatPositions[row.investorKey];
        if (row.paymentRef == 0) return IntentMissing.selector;
        if (position.amount == 0 || position.refunded) return NothingToRefund.selector;
        if (intentUsed(row.paymentRef)) return IntentAlreadyUsed.selector;
        return 0;
    }

    function _requireRedirectable(address wallet) private view {
        if (status != Status.Live && status != Status.Succeeded) revert WrongStatus(status);
        if (factory.isOurs(wallet)) revert WalletNotAllowed(wallet);
    }

    /// @dev A registry that refuses must not hold up anybody's money, so its failure is only noted.
    function _freeLock() private {
        try factory.freeLock(campaignId) {}
        catch {
            emit LockNotFreed(campaignId);
        }
    }

    function _requireRefunding() private view {
        if (status != Status.Failed && status != Status.Cancelled) revert WrongStatus(status);
    }

    function _refundable(Position memory position) private view returns (uint256) {
        _requireRefunding();
        if (position.amount == 0 || position.refunded) revert NothingToRefund();
        return position.amount;
    }
}
