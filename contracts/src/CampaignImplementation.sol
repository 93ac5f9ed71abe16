// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CampaignBase} from "./campaign/CampaignBase.sol";
import {CampaignMoneyIn} from "./campaign/CampaignMoneyIn.sol";
import {CampaignSettlement} from "./campaign/CampaignSettlement.sol";
import {Status} from "./interfaces/ICampaign.sol";
import {IFundEscrow} from "./interfaces/IFundEscrow.sol";

/// @dev Documented at {ICampaign}. The factory deploys one, cancelled for ever, and clones it for each campaign; the
/// deployer is the factory that it obeys. A clone has its terms in its code, so there is nothing to initialise.
contract CampaignImplementation is CampaignMoneyIn, CampaignSettlement {
    constructor(IFundEscrow escrow_) CampaignBase(escrow_) {
        _state.status = Status.Cancelled;
    }
}
