// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IIntents} from "./IIntents.sol";

/// @notice The terms of a campaign; amounts in the token's smallest unit.
/// @param campaignId The platform's id, and the salt of the address.
/// @param issuerId The company in the registry.
/// @param issuerWallet Where a release pays; the registered wallet at creation, unless two roles have redirected it since.
/// @param token Payment token.
/// @param goal Hard cap over token and fiat money together.
/// @param minInvestment Least total of one investor, unless it takes exactly the remaining room.
/// @param maxInvestment Greatest total of one investor.
/// @param deadline Last second at which money may come in.
/// @param thresholdBps Share of the goal that makes a success, 1 to 10,000.
/// @param granularity Token units per minor unit of the journal; every amount is a multiple.
/// @param termsHash Hash of the terms that investors agree to.
/// @param tranches Zero for a release in one. Else up to 16 numbers of two bytes, each the share of 10,000 that is out
/// with it and all before: growing, the last one 10,000, zeros behind it. A holdback of 2 % is 9,800 and 10,000.
struct CampaignParams {
    bytes32 campaignId;
    bytes32 issuerId;
    address issuerWallet;
    address token;
    uint256 goal;
    uint256 minInvestment;
    uint256 maxInvestment;
    uint64 deadline;
    uint16 thresholdBps;
    uint256 granularity;
    bytes32 termsHash;
    bytes32 tranches;
}

/// @notice One settled fiat payment. The reference is its intent id; the key is a salted commitment to the investor.
struct Record {
    bytes32 paymentRef;
    bytes32 investorKey;
    uint256 amount;
}

/// @notice The refund of one recorded payment.
struct RefundRecord {
    bytes32 paymentRef;
    bytes32 investorKey;
}

/// @notice An operator's signed leave for one investment; what it does not name exactly is refused.
/// @param intentId The platform's id of the investment.
/// @param amount Token units; neither more nor less.
/// @param validUntil Last second at which it may be used.
/// @param already What the investor has ever paid in before it. That only grows, so an admission is good for one investment,
/// and a cancelled investment brings none back.
/// @param signature 65 bytes over the EIP-712 type
/// Admission(bytes32 intentId,address investor,uint256 amount,uint256 validUntil,uint256 already) in the domain of the campaign (name "crowdfund campaign", version "1"), by an account with the operator role.
struct Admission {
    bytes32 intentId;
    uint256 amount;
    uint256 validUntil;
    uint256 already;
    bytes signature;
}

/// @notice What one investor has in as tokens, whether it was paid back after the end, and all that ever came in.
struct Position {
    uint96 amount;
    bool refunded;
    uint96 paidIn;
}

/// @notice One recorded payment. The amount stays whatever became of it.
/// @param investorTag The first 19 bytes of the investor's key.
struct FiatRecord {
    uint96 amount;
    RecordState state;
    bytes19 investorTag;
}

enum RecordState {
    None,
    Recorded,
    Cancelled,
    Refunded
}

enum Status {
    Live,
    Succeeded,
    Failed,
    Cancelled,
    Released
}

/// @notice One raise. Token money is escrowed by address, fiat money is only recorded, by investor key.
/// @dev Roles are read from the factory. A payment reference is good for one record. The events carry the caller's id: only
/// with its name and arguments does an event prove that a call was made.
interface ICampaign is IIntents {
    event Invested(bytes32 indexed intentId, address indexed investor, uint256 amount, uint256 total);
    event InvestmentRecorded(bytes32 indexed paymentRef, bytes32 indexed investorKey, uint256 amount, uint256 total);
    /// @notice A recorded payment went back to the investor while the campaign was live.
    event RecordCancelled(bytes32 indexed paymentRef, bytes32 indexed investorKey, uint256 amount, uint256 total);
    /// @notice An investment with tokens went back to the wallet that paid it while the campaign was live.
    event InvestmentCancelled(bytes32 indexed intentId, address indexed investor, uint256 amount, uint256 total);
    event Closed(bytes32 indexed intentId, bool succeeded, uint256 total);
    /// @notice Recorded fiat that the operator did not confirm at the close; it counts for nothing.
    event FiatNotConfirmed(bytes32 indexed intentId, uint256 amount);
    event IssuerWalletProposed(bytes32 indexed intentId, address indexed wallet);
    event IssuerWalletChanged(bytes32 indexed intentId, address indexed oldWallet, address indexed newWallet);
    /// @notice The terms were changed while the campaign was live; who had invested was asked again.
    event TermsChanged(bytes32 indexed intentId, bytes32 oldTermsHash, bytes32 newTermsHash);
    event Cancelled(bytes32 indexed intentId, uint256 total);
    event Released(bytes32 indexed intentId, address indexed issuerWallet, uint256 toIssuer, uint256 fee);
    event FiatReleased(bytes32 indexed intentId, uint256 toIssuer, uint256 fee);
    event Refunded(address indexed investor, uint256 amount);
    event RefundRecorded(bytes32 indexed paymentRef, bytes32 indexed investorKey, uint256 amount);
    /// @notice The campaign ended, but the registry refused the unlock; `freeLock` of the factory can be called again.
    event LockNotFreed(bytes32 indexed campaignId);

    /// @param field Name of the first parameter that is not acceptable.
    error ParamInvalid(bytes32 field);
    error WrongStatus(Status status);
    error DeadlinePassed(uint256 deadline);
    error AdmissionExpired(uint256 validUntil);
    /// @notice No operator has signed this intent, amount and time for this caller and campaign.
    error NotAdmitted(address investor);
    /// @notice The investor has paid in another sum than the admission was signed for: it was used, or another investment came first.
    error AdmissionUsed(uint256 already);
    error Reentered();
    error CloseTooEarly();
    error RecordingPaused();
    error NotGranular();
    error AboveGoal();
    error AboveMaximum();
    error BelowMinimum();
    error InvestorKeyMissing();
    error BatchSizeInvalid(uint256 rows);
    /// @param index Position of the first bad row.
    /// @param reason Selector of the error that the row alone would have caused.
    error BadRow(uint256 index, bytes4 reason);
    error AmountNotReceived(uint256 received, uint256 expected);
    /// @notice No payment with this reference was recorded.
    error RecordUnknown(bytes32 paymentRef);
    /// @notice The payment was recorded with another amount or for another investor.
    error RecordDiffers(bytes32 paymentRef);
    error NothingToRefund();
    /// @notice The investor has less in the campaign than is to go back.
    error PositionTooLow(uint256 amount);
    /// @param next The tranche that comes next, counted from 0.
    error WrongTranche(uint256 next);
    error TermsHashMissing();
    /// @notice The wallet is zero or a contract of the platform: money paid there would be lost.
    error WalletNotAllowed(address wallet);
    /// @notice No operator has proposed this wallet.
    error WalletNotProposed(address wallet);

    /// @notice Invests the caller's tokens; the campaign is the spender to approve. Until the deadline.
    /// @param admission Signed by an operator for this caller.
    /// @dev Refused if the token delivers another amount than was sent.
    function invest(Admission calldata admission) external;

    /// @notice As `invest`, with the approval signed instead of sent.
    /// @dev A permit that someone else has already handed in does no harm: the allowance counts.
    function investWithPermit(Admission calldata admission, uint256 permitDeadline, uint8 v, bytes32 r, bytes32 s)
        external;

    /// @notice Records one settled fiat payment, until the end of the settlement grace. RECORDER only.
    /// @dev Refused above what the factory still lets this recorder record today (`recorderRoom`). Minimum and maximum of
    /// an investor's sum are the platform's to check; no single payment is above the maximum.
    function recordInvestment(bytes32 paymentRef, bytes32 investorKey, uint256 amount) external;

    /// @notice Records 1 to 200 payments, all or none. RECORDER only.
    function recordInvestments(Record[] calldata records) external;

    /// @notice Takes a recorded payment out of the totals, because its investor has cancelled and has the money back. OPERATOR only.
    /// @dev While live, and once for each payment. The operator and not the recorder, so that a recorder alone can never make a campaign fail.
    function cancelRecord(bytes32 paymentRef, bytes32 investorKey, uint256 amount) external;

    /// @notice Pays an investment with tokens back to the investor who paid it and takes it out of the totals, because the
    /// investor has cancelled. OPERATOR only.
    /// @param intentId The intent of the investment; each goes back once.
    /// @dev While live. Nobody but the investor can be paid, and never more than that investor has in. A pause does not stop it.
    function cancelInvestment(bytes32 intentId, address investor, uint256 amount) external;

    /// @notice Decides success by arithmetic: total against the threshold.
    /// @dev An operator may close after the deadline, or before it once the threshold is met; anyone after the grace.
    function close(bytes32 intentId) external;

    /// @notice As `close`, counting no more fiat than the operator confirms as settled. OPERATOR only.
    /// @dev So that a recorder alone can never make a success: what was recorded above `fiatSettled` is taken out of the totals.
    function closeConfirmed(bytes32 intentId, uint256 fiatSettled) external;

    /// @notice Ends a live campaign; everybody can be refunded. OPERATOR only.
    function cancel(bytes32 intentId) external;

    /// @notice Pays out the next tranche of a success: the fee to the platform, the rest to the issuer. OPERATOR only.
    /// @param tranche Counted from 0; each once and in order. Without tranches in the terms there is only 0.
    /// @dev Moves only token money; the fiat part is stated by an event. All fees add up to `feeOn(total())`.
    function release(bytes32 intentId, uint256 tranche) external;

    /// @notice Puts another hash of the terms in force while the campaign is live. OPERATOR only.
    function changeTerms(bytes32 intentId, bytes32 newTermsHash) external;

    /// @notice Proposes another wallet for the release, because the issuer's is lost or refused by the token. OPERATOR only.
    function proposeIssuerWallet(bytes32 intentId, address wallet) external;

    /// @notice Makes the proposed wallet the issuer's. ADMIN of the factory only, who is never the operator.
    function confirmIssuerWallet(bytes32 intentId, address wallet) external;

    /// @notice Pays the caller back exactly what the caller invested, after a failure or a cancellation.
    function claimRefund() external;

    /// @notice As `claimRefund` for somebody else; only the investor is paid. Anyone.
    function refundFor(address investor) external;

    /// @notice Notes that a recorded payment went back, once. RECORDER only.
    function recordRefund(bytes32 paymentRef, bytes32 investorKey) external;

    /// @notice Notes 1 to 200 refunds, all or none. RECORDER only.
    function recordRefunds(RefundRecord[] calldata records) external;

    /// @notice Where a release pays.
    function issuerWallet() external view returns (address);

    /// @notice The wallet that waits for the admin's confirmation; zero for none.
    function proposedWallet() external view returns (address);

    function terms() external view returns (CampaignParams memory);

    function campaignId() external view returns (bytes32);

    function issuerId() external view returns (bytes32);

    function token() external view returns (address);

    function deadline() external view returns (uint64);

    /// @notice Hash of the terms in force.
    function termsHash() external view returns (bytes32);

    function status() external view returns (Status);

    /// @notice Number of tranches that are out.
    function releases() external view returns (uint256);

    /// @notice Whether the issuer may start another campaign as far as this one is concerned.
    function hasEnded() external view returns (bool);

    /// @notice Token money invested and not cancelled; unchanged by refunds and release.
    function tokenTotal() external view returns (uint256);

    /// @notice Fiat money recorded and not cancelled; unchanged by refunds and release.
    function fiatTotal() external view returns (uint256);

    /// @notice Token and fiat money together.
    function total() external view returns (uint256);

    /// @notice Least total that makes a success, rounded up.
    function threshold() external view returns (uint256);

    /// @notice The platform's fee on `amount`: 250 basis points, floored to the granularity.
    function feeOn(uint256 amount) external view returns (uint256);

    function positionOf(address investor) external view returns (Position memory);

    function recordOf(bytes32 paymentRef) external view returns (FiatRecord memory);
}
