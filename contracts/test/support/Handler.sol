// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CampaignImplementation} from "../../src/CampaignImplementation.sol";
import {Admission, CampaignParams, ICampaign, Record, Status} from "../../src/interfaces/ICampaign.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// @notice Random people doing random things to two campaigns that share a token, and a plain account of what worked.
contract Handler is Fixture {
    struct Book {
        uint256 received;
        uint256 recorded;
        uint256 refunded;
        uint256 released;
        uint256 releases;
    }

    CampaignImplementation[2] public campaigns;
    address[4] public investors;
    mapping(uint256 campaignIndex => Book) public books;
    mapping(uint256 campaignIndex => mapping(address => uint256)) public paidIn;
    mapping(uint256 campaignIndex => mapping(address => uint256)) public paidBack;
    mapping(uint256 campaignIndex => mapping(address => uint256)) public everPaidIn;
    mapping(uint256 campaignIndex => Record[]) public recordsOf;
    mapping(bytes32 paymentRef => bool) public cancelled;
    mapping(bytes32 paymentRef => bool) public noted;
    Admission[] private usedAdmissions;
    mapping(bytes32 intentId => uint256) private campaignOfIntent;
    mapping(bytes32 intentId => bool) public takenBack;
    bytes32[] public usedIntents;
    mapping(bytes32 intentId => address) public spenderOf;
    uint256 public replaysAccepted;
    uint256 public inWhilePaused;
    uint256 public outNotAsDue;
    uint256 public uninvitedIn;
    uint256 public recordedAboveCap;
    mapping(uint256 day => uint256) public recordedOn;
    mapping(uint256 day => uint256) public extraOn;
    mapping(bytes4 => uint256) public worked;

    function setUp() public override {
        super.setUp();
        register("second", address(0x156));
        campaigns[0] = campaign;
        CampaignParams memory wanted = params("second", "second", address(0x156));
        wanted.tranches = bytes32(uint256(4_999) << 240 | uint256(9_800) << 224 | uint256(10_000) << 208);
        campaigns[1] = create(wanted);
        for (uint256 i = 0; i < 4; ++i) {
            investors[i] = address(uint160(0x7000 + i));
            for (uint256 c = 0; c < 2; ++c) {
                fund(investors[i], campaigns[c]);
            }
        }
    }

    function key(uint256 seed) public pure returns (bytes32) {
        return bytes32(1 + seed % 4);
    }

    function investSome(uint256 at, uint256 who, uint256 cents) external {
        at %= 2;
        address investor = investors[who % 4];
        uint256 room = GOAL - campaigns[at].total();
        uint256 amount = cents % 7 == 0 ? room : (10_000 + cents % 590_000) * CENT;
        bytes32 intentId = id();
        Admission memory admission = admitted(campaigns[at], investor, intentId, amount);
        if (!tried(at, investor, abi.encodeCall(ICampaign.invest, (admission)))) return;
        usedAdmissions.push(admission);
        spenderOf[intentId] = investor;
        books[at].received += amount;
        paidIn[at][investor] += amount;
        everPaidIn[at][investor] += amount;
        campaignOfIntent[intentId] = at;
        if (escrow.paused()) ++inWhilePaused;
    }

    function recordSome(uint256 at, uint256 who, uint256 cents, uint256 count) external {
        at %= 2;
        Record[] memory list = rows(1 + count % 3);
        uint256 sum;
        for (uint256 i = 0; i < list.length; ++i) {
            list[i].investorKey = key(who % 4 + i);
            list[i].amount = (10_000 + (cents >> i) % 400_000) * CENT;
            sum += list[i].amount;
        }
        bytes memory data = list.length == 1
            ? abi.encodeCall(ICampaign.recordInvestment, (list[0].paymentRef, list[0].investorKey, sum))
            : abi.encodeCall(ICampaign.recordInvestments, (list));
        if (!tried(at, recorder, data)) return;
        books[at].recorded += sum;
        uint256 day = block.timestamp / 1 days;
        recordedOn[day] += sum / CENT;
        if (recordedOn[day] > factory.recorderCap() + extraOn[day]) ++recordedAboveCap;
        if (escrow.paused()) ++inWhilePaused;
        for (uint256 i = 0; i < list.length; ++i) {
            usedIntents.push(list[i].paymentRef);
            recordsOf[at].push(list[i]);
        }
    }

    /// @dev Tries with a leave that is not quite the investor's own.
    function investUninvited(uint256 at, uint256 who, uint256 how) external {
        at %= 2;
        address investor = investors[who % 4];
        uint256 amount = (10_000 + who % 90_000) * CENT;
        bytes32 intentId = id();
        Admission memory admission = how % 6 == 0
            ? admittedBy(ALICE_KEY, campaigns[at], investor, intentId, amount, FOREVER)
            : how % 6 == 1
                ? admitted(campaigns[1 - at], investor, intentId, amount)
                : how % 6 == 2
                    ? admitted(campaigns[at], charlie, intentId, amount)
                    : how % 6 == 3
                        ? admittedBy(OPERATOR_KEY, campaigns[at], investor, intentId, amount, block.timestamp - 1)
                        : admitted(campaigns[at], investor, intentId, amount);
        if (how % 6 == 4) admission.amount += CENT;
        if (how % 6 == 5) admission.intentId = keccak256(abi.encode(intentId));
        if (tried(at, investor, abi.encodeCall(ICampaign.invest, (admission)))) ++uninvitedIn;
    }

    function setCap(uint256 cents) external {
        vm.prank(admin);
        factory.setRecorderCap(uint96(cents % 1_500_000));
    }

    function raiseCap(uint256 cents) external {
        uint96 extra = uint96(cents % 400_000);
        bytes32 intentId = id();
        vm.prank(operator);
        factory.raiseRecorderCap(intentId, recorder, extra);
        extraOn[block.timestamp / 1 days] += extra;
    }

    /// @dev The journal says that some of what was recorded never settled.
    function closeConfirmed(uint256 at, uint256 percent) external {
        at %= 2;
        uint256 settled = books[at].recorded * (percent % 101) / 100 / CENT * CENT;
        if (!tried(at, operator, abi.encodeCall(ICampaign.closeConfirmed, (id(), settled)))) return;
        books[at].recorded = settled;
    }

    function closeOne(uint256 at, bool asOperator) external {
        tried(at % 2, asOperator ? operator : charlie, abi.encodeCall(ICampaign.close, (id())));
    }

    function cancelOne(uint256 at, uint256 seldom) external {
        if (seldom % 6 == 0) tried(at % 2, operator, abi.encodeCall(ICampaign.cancel, (id())));
    }

    function releaseOne(uint256 at) external {
        at %= 2;
        uint256 before = escrow.balanceOf(address(campaigns[at]));
        bool due = campaigns[at].status() == Status.Succeeded;
        uint256 next = campaigns[at].releases();
        if (tried(at, operator, abi.encodeCall(ICampaign.release, (id(), next + 1)))) ++outNotAsDue;
        bool done = tried(at, operator, abi.encodeCall(ICampaign.release, (id(), next)));
        if (due != done) ++outNotAsDue;
        if (!done) return;
        books[at].released += before - escrow.balanceOf(address(campaigns[at]));
        ++books[at].releases;
    }

    function refundOne(uint256 at, uint256 who, bool relayed) external {
        at %= 2;
        address investor = investors[who % 4];
        // Mostly one who has something to get.
        for (uint256 i = 0; i < 4 && who % 5 != 0 && paidIn[at][investor] == paidBack[at][investor]; ++i) {
            investor = investors[i];
        }
        uint256 before = token.balanceOf(investor);
        bool done = relayed
            ? tried(at, charlie, abi.encodeCall(ICampaign.refundFor, (investor)))
            : tried(at, investor, abi.encodeCall(ICampaign.claimRefund, ()));
        bool refundable = campaigns[at].status() == Status.Failed || campaigns[at].status() == Status.Cancelled;
        if (done != (refundable && paidIn[at][investor] > 0 && paidBack[at][investor] == 0)) ++outNotAsDue;
        if (!done) return;
        books[at].refunded += token.balanceOf(investor) - before;
        paidBack[at][investor] += token.balanceOf(investor) - before;
    }

    /// @dev Cancels one record, whole; the same again is refused.
    function cancelRecordOne(uint256 at, uint256 which) external {
        at %= 2;
        if (recordsOf[at].length == 0) return;
        Record memory row = recordsOf[at][which % recordsOf[at].length];
        bytes memory data = abi.encodeCall(ICampaign.cancelRecord, (row.paymentRef, row.investorKey, row.amount));
        if (!tried(at, operator, data)) return;
        if (cancelled[row.paymentRef]) ++replaysAccepted;
        cancelled[row.paymentRef] = true;
        books[at].recorded -= row.amount;
    }

    /// @dev Gives one investment back, whole and only while live; the same again is refused.
    function cancelInvestmentOne(uint256 which) external {
        if (usedAdmissions.length == 0) return;
        Admission memory old = usedAdmissions[which % usedAdmissions.length];
        (uint256 at, address investor) = (campaignOfIntent[old.intentId], spenderOf[old.intentId]);
        bool due = campaigns[at].status() == Status.Live && !takenBack[old.intentId];
        uint256 before = token.balanceOf(investor);
        bytes memory data = abi.encodeCall(ICampaign.cancelInvestment, (old.intentId, investor, old.amount));
        if (tried(at, charlie, data) || tried(at, recorder, data)) ++outNotAsDue;
        bool done = tried(at, operator, data);
        if (due != done || token.balanceOf(investor) - before != (done ? old.amount : 0)) ++outNotAsDue;
        if (!done) return;
        takenBack[old.intentId] = true;
        books[at].received -= old.amount;
        paidIn[at][investor] -= old.amount;
    }

    function countOfRecords(uint256 at) external view returns (uint256) {
        return recordsOf[at].length;
    }

    /// @dev Notes one record's refund, whole; the same again is refused.
    function recordRefundOne(uint256 at, uint256 which) external {
        at %= 2;
        if (recordsOf[at].length == 0) return;
        Record memory row = recordsOf[at][which % recordsOf[at].length];
        if (!tried(at, recorder, abi.encodeCall(ICampaign.recordRefund, (row.paymentRef, row.investorKey)))) return;
        if (noted[row.paymentRef] || cancelled[row.paymentRef]) ++replaysAccepted;
        noted[row.paymentRef] = true;
    }

    function replay(uint256 at, uint256 which, uint256 who) external {
        at %= 2;
        if (usedAdmissions.length > 0 && who % 2 == 0) {
            Admission memory admission = usedAdmissions[which % usedAdmissions.length];
            address spender = spenderOf[admission.intentId];
            if (tried(at, spender, abi.encodeCall(ICampaign.invest, (admission)))) ++replaysAccepted;
        } else if (usedIntents.length > 0) {
            bytes32 used = usedIntents[which % usedIntents.length];
            if (!campaigns[at].intentUsed(used)) return;
            bytes memory data = abi.encodeCall(ICampaign.recordInvestment, (used, key(who), 100 * ETB));
            if (tried(at, recorder, data)) ++replaysAccepted;
        }
    }

    function switchPause(uint256 seldom) external {
        bool paused = escrow.paused();
        if (!paused && seldom % 4 != 0) return;
        vm.prank(pauser);
        paused ? escrow.unpause() : escrow.pause();
    }

    function passTime(uint256 step) external {
        vm.warp(block.timestamp + step % 15 days);
    }

    function donate(uint256 amount) external {
        vm.prank(admin);
        token.mint(address(escrow), amount % ETB);
    }

    function escrowBooks() external view returns (uint256 accounts, uint256 held, uint256 present) {
        for (uint256 i = 0; i < 2; ++i) {
            accounts += escrow.balanceOf(address(campaigns[i]));
        }
        return (accounts, escrow.heldOf(address(token)), token.balanceOf(address(escrow)));
    }

    function lockOf(uint256 at) external view returns (bytes32) {
        return registry.getIssuer(campaigns[at].issuerId()).liveCampaign;
    }

    function tried(uint256 at, address caller, bytes memory data) private returns (bool ok) {
        vm.prank(caller);
        (ok,) = address(campaigns[at]).call(data);
        if (ok) ++worked[bytes4(data)];
    }
}
