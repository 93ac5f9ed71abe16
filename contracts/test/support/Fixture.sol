// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {CampaignFactory} from "../../src/CampaignFactory.sol";
import {CampaignImplementation} from "../../src/CampaignImplementation.sol";
import {FundEscrow} from "../../src/FundEscrow.sol";
import {IssuerRegistry} from "../../src/IssuerRegistry.sol";
import {PaymentToken} from "../../src/PaymentToken.sol";
import {Admission, CampaignParams, Record, Status} from "../../src/interfaces/ICampaign.sol";
import {vm} from "./Vm.sol";

/// @notice A platform with one registered company and one live campaign: goal 10,000 ETB, 100 to 6,000 per investor, 75 %.
abstract contract Fixture {
    uint256 internal constant CENT = 10_000;
    uint256 internal constant ETB = 100 * CENT;
    uint256 internal constant GOAL = 10_000 * ETB;
    uint256 internal constant THRESHOLD = 7_500 * ETB;
    uint256 internal constant START = 1_780_000_000; // May 2026
    uint64 internal constant DEADLINE = uint64(START + 30 days);
    uint256 internal constant GRACE = 14 days;
    uint256 internal constant ALICE_KEY = 0xA11CE;
    uint256 internal constant OPERATOR_KEY = 0x0b;
    uint256 internal constant FOREVER = type(uint256).max;
    uint96 internal constant CAP = 1e17;
    uint256 private constant POSITIONS_SLOT = 7;
    bytes32 internal constant COMPANY = "company";
    bytes32 internal constant FIAT_ALICE = "fiat alice";
    bytes32 internal constant FIAT_BOB = "fiat bob";

    address internal admin = address(0xAD);
    address internal operator = vm.addr(OPERATOR_KEY);
    address internal recorder = address(0x4e);
    address internal pauser = address(0xba);
    address internal feeRecipient = address(0xfee);
    address internal issuerWallet = address(0x155);
    address internal alice = vm.addr(ALICE_KEY);
    address internal bob = address(0xb0b);
    address internal charlie = address(0xc4a); // must get nothing

    PaymentToken internal token;
    IssuerRegistry internal registry;
    FundEscrow internal escrow;
    CampaignFactory internal factory;
    CampaignImplementation internal campaign;

    uint256 private _ids;

    function setUp() public virtual {
        vm.warp(START);
        token = new PaymentToken(admin);
        registry = new IssuerRegistry(admin, 3 hours);
        escrow = new FundEscrow(admin);
        factory = new CampaignFactory(admin, registry, escrow, feeRecipient);

        vm.startPrank(admin);
        token.grantRole(token.MINTER_ROLE(), admin);
        registry.grantRole(registry.OPERATOR_ROLE(), operator);
        registry.grantRole(registry.FACTORY_ROLE(), address(factory));
        escrow.grantRole(escrow.FACTORY_ROLE(), address(factory));
        escrow.grantRole(escrow.PAUSER_ROLE(), pauser);
        factory.grantRole(factory.OPERATOR_ROLE(), operator);
        factory.grantRole(factory.RECORDER_ROLE(), recorder);
        factory.allowToken(address(token), true);
        factory.setRecorderCap(CAP);
        vm.stopPrank();

        register(COMPANY, issuerWallet);
        campaign = create(params("campaign", COMPANY, issuerWallet));
        fund(alice, campaign);
        fund(bob, campaign);
    }

    function id() internal returns (bytes32) {
        return keccak256(abi.encode("intent", ++_ids));
    }

    function params(bytes32 campaignId, bytes32 issuerId, address wallet)
        internal
        view
        returns (CampaignParams memory)
    {
        return CampaignParams({
            campaignId: campaignId,
            issuerId: issuerId,
            issuerWallet: wallet,
            token: address(token),
            goal: GOAL,
            minInvestment: 100 * ETB,
            maxInvestment: 6_000 * ETB,
            deadline: DEADLINE,
            thresholdBps: 7_500,
            granularity: CENT,
            termsHash: keccak256("terms"),
            tranches: 0
        });
    }

    function register(bytes32 issuerId, address wallet) internal {
        bytes32 intentId = id();
        vm.prank(operator);
        registry.registerIssuer(intentId, issuerId, wallet, keccak256("vc"), keccak256("documents"));
    }

    function create(CampaignParams memory wanted) internal returns (CampaignImplementation) {
        bytes32 intentId = id();
        vm.prank(operator);
        return CampaignImplementation(factory.createCampaign(intentId, wanted));
    }

    /// @dev A second company with its own campaign.
    function createOther() internal returns (CampaignImplementation other) {
        register("other company", address(0x156));
        other = create(params("other campaign", "other company", address(0x156)));
    }

    function fund(address investor, CampaignImplementation into) internal {
        vm.prank(admin);
        token.mint(investor, GOAL);
        vm.prank(investor);
        token.approve(address(into), type(uint256).max);
    }

    function invest(address investor, uint256 amount) internal {
        Admission memory admission = admitted(campaign, investor, id(), amount);
        vm.prank(investor);
        campaign.invest(admission);
    }

    /// @dev Makes no call but to cheat codes, so it may stand between a prank and the call that the prank is for.
    function admitted(CampaignImplementation into, address investor, bytes32 intentId, uint256 amount)
        internal
        view
        returns (Admission memory)
    {
        return admittedBy(OPERATOR_KEY, into, investor, intentId, amount, FOREVER);
    }

    function admittedBy(
        uint256 key,
        CampaignImplementation into,
        address investor,
        bytes32 intentId,
        uint256 amount,
        uint256 validUntil
    ) internal view returns (Admission memory) {
        bytes32 typehash = keccak256(
            "Admission(bytes32 intentId,address investor,uint256 amount,uint256 validUntil,uint256 already)"
        );
        uint256 already = everIn(into, investor);
        bytes32 content = keccak256(abi.encode(typehash, intentId, investor, amount, validUntil, already));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked("\x19\x01", domainOf(into), content)));
        return Admission(intentId, amount, validUntil, already, abi.encodePacked(r, s, v));
    }

    /// @dev All that the investor ever paid in, read from storage: a call would use up a prank.
    function everIn(CampaignImplementation into, address investor) internal view returns (uint256) {
        return uint96(uint256(vm.load(address(into), keccak256(abi.encode(investor, POSITIONS_SLOT)))) >> 104);
    }

    function domainOf(CampaignImplementation into) internal view returns (bytes32) {
        bytes32 typehash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        return
            keccak256(
                abi.encode(typehash, keccak256("crowdfund campaign"), keccak256("1"), block.chainid, address(into))
            );
    }

    function record(bytes32 investorKey, uint256 amount) internal {
        recordAs(id(), investorKey, amount);
    }

    function recordAs(bytes32 paymentRef, bytes32 investorKey, uint256 amount) internal {
        vm.prank(recorder);
        campaign.recordInvestment(paymentRef, investorKey, amount);
    }

    /// @dev `count` payments of 100 ETB, each of another investor.
    function rows(uint256 count) internal returns (Record[] memory list) {
        list = new Record[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = Record({paymentRef: id(), investorKey: keccak256(abi.encode("key", i)), amount: 100 * ETB});
        }
    }

    function close() internal {
        bytes32 intentId = id();
        vm.prank(operator);
        campaign.close(intentId);
    }

    function release() internal {
        bytes32 intentId = id();
        vm.prank(operator);
        campaign.release(intentId, 0);
    }

    function cancel() internal {
        bytes32 intentId = id();
        vm.prank(operator);
        campaign.cancel(intentId);
    }

    /// @dev 4,000 ETB of alice and 1,000 of bob fail at the deadline.
    function fail() internal {
        invest(alice, 4_000 * ETB);
        invest(bob, 1_000 * ETB);
        vm.warp(DEADLINE + 1);
        close();
    }

    /// @dev 6,000 ETB of alice and 2,000 recorded succeed at the deadline.
    function succeed() internal {
        invest(alice, 6_000 * ETB);
        record(FIAT_ALICE, 2_000 * ETB);
        vm.warp(DEADLINE + 1);
        close();
    }

    function isStatus(Status wanted) internal view {
        vm.assertEq(uint256(campaign.status()), uint256(wanted));
    }

    function unauthorized(address account, bytes32 role) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, account, role);
    }
}
