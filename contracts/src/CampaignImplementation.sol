// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {CampaignBase} from "./campaign/CampaignBase.sol";
import {CampaignMoneyIn} from "./campaign/CampaignMoneyIn.sol";
import {CampaignSettlement} from "./campaign/CampaignSettlement.sol";
import {CampaignParams, ICampaign, Status} from "./interfaces/ICampaign.sol";
import {IFundEscrow} from "./interfaces/IFundEscrow.sol";

/// @dev Documented at {ICampaign}. The factory deploys one, locked, and clones it for each campaign; the deployer is the factory that it obeys.
contract CampaignImplementation is CampaignMoneyIn, CampaignSettlement, Initializable {
    constructor(IFundEscrow escrow_) CampaignBase(escrow_) {
        _disableInitializers();
    }

    function initialize(CampaignParams calldata params) external initializer {
        // Check
        if (msg.sender != address(factory)) revert NotFactory(msg.sender);
        _validate(params);
        // Effect
        status = Status.Live;
        thresholdBps = params.thresholdBps;
        deadline = params.deadline;
        issuerWallet = params.issuerWallet;
        token = params.token;
        _goal = uint128(params.goal);
        _granularity = uint128(params.granularity);
        _minInvestment = uint128(params.minInvestment);
        _maxInvestment = uint128(params.maxInvestment);
        campaignId = params.campaignId;
        issuerId = params.issuerId;
        termsHash = params.termsHash;
    }

    function _validate(CampaignParams calldata params) private view {
        uint256 granule = params.granularity;
        if (granule == 0) revert ParamInvalid("granularity");
        if (params.goal == 0 || params.goal > type(uint128).max || params.goal % granule != 0) {
            revert ParamInvalid("goal");
        }
        if (params.minInvestment > params.maxInvestment || params.minInvestment % granule != 0) {
            revert ParamInvalid("minInvestment");
        }
        if (params.maxInvestment == 0 || params.maxInvestment > params.goal || params.maxInvestment % granule != 0) {
            revert ParamInvalid("maxInvestment");
        }
        if (params.deadline <= block.timestamp) revert ParamInvalid("deadline");
        if (params.thresholdBps == 0 || params.thresholdBps > BPS) revert ParamInvalid("thresholdBps");
    }
}
