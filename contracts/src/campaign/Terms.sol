// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CampaignParams, ICampaign} from "../interfaces/ICampaign.sol";

/// @notice The terms of a campaign as they stand behind the code of its clone: checked, packed and read.
/// @dev A clone's code ends with its terms, so reading them costs no storage. Words of 32 bytes:
/// 0 campaignId, 1 issuerId, 2 termsHash, 3 issuerWallet and goal, 4 token and maxInvestment,
/// 5 minInvestment, granularity, deadline, thresholdBps and 5 spare bytes, 6 tranches, left out when there are none.
library Terms {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant MOST_TRANCHES = 16;
    uint256 private constant CLONE_CODE = 0x2d;

    /// @dev Reverts with ParamInvalid for terms that make no sense.
    function check(CampaignParams calldata params) internal view {
        uint256 granule = params.granularity;
        if (granule == 0 || granule > type(uint64).max) revert ICampaign.ParamInvalid("granularity");
        if (params.goal == 0 || params.goal > type(uint96).max || params.goal % granule != 0) {
            revert ICampaign.ParamInvalid("goal");
        }
        if (params.minInvestment > params.maxInvestment || params.minInvestment % granule != 0) {
            revert ICampaign.ParamInvalid("minInvestment");
        }
        if (params.maxInvestment == 0 || params.maxInvestment > params.goal || params.maxInvestment % granule != 0) {
            revert ICampaign.ParamInvalid("maxInvestment");
        }
        if (params.deadline <= block.timestamp || params.deadline > type(uint40).max) {
            revert ICampaign.ParamInvalid("deadline");
        }
        if (params.thresholdBps == 0 || params.thresholdBps > BPS) revert ICampaign.ParamInvalid("thresholdBps");
        if (params.tranches != 0 && !_areTranches(params.tranches)) revert ICampaign.ParamInvalid("tranches");
    }

    function pack(CampaignParams calldata params) internal pure returns (bytes memory packed) {
        packed = abi.encodePacked(
            params.campaignId,
            params.issuerId,
            params.termsHash,
            params.issuerWallet,
            uint96(params.goal),
            params.token,
            uint96(params.maxInvestment)
        );
        packed = abi.encodePacked(
            packed,
            uint96(params.minInvestment),
            uint64(params.granularity),
            uint40(params.deadline),
            params.thresholdBps,
            uint40(0)
        );
        if (params.tranches != 0) packed = abi.encodePacked(packed, params.tranches);
    }

    function campaignId() internal view returns (bytes32) {
        return _word(0);
    }

    function issuerId() internal view returns (bytes32) {
        return _word(1);
    }

    function termsHash() internal view returns (bytes32) {
        return _word(2);
    }

    function issuerWallet() internal view returns (address) {
        return address(bytes20(_word(3)));
    }

    function goal() internal view returns (uint256) {
        return uint96(uint256(_word(3)));
    }

    function token() internal view returns (address) {
        return address(bytes20(_word(4)));
    }

    function maxInvestment() internal view returns (uint256) {
        return uint96(uint256(_word(4)));
    }

    function minInvestment() internal view returns (uint256) {
        return uint256(_word(5)) >> 160;
    }

    function granularity() internal view returns (uint256) {
        return uint64(uint256(_word(5)) >> 96);
    }

    function deadline() internal view returns (uint64) {
        return uint40(uint256(_word(5)) >> 56);
    }

    function thresholdBps() internal view returns (uint16) {
        return uint16(uint256(_word(5)) >> 40);
    }

    function tranches() internal view returns (bytes32) {
        return _word(6);
    }

    /// @dev Share of the totals, of 10,000, that is out once `tranche` is released; counted from 0.
    function shareAfter(uint256 tranche) internal view returns (uint256) {
        bytes32 shares = _word(6);
        return shares == 0 ? BPS : _share(shares, tranche);
    }

    function _areTranches(bytes32 shares) private pure returns (bool) {
        uint256 before = 0;
        for (uint256 i = 0; i < MOST_TRANCHES; ++i) {
            uint256 share = _share(shares, i);
            if (share <= before || share > BPS) return false;
            // Nothing follows the last one.
            if (share == BPS) return i + 1 == MOST_TRANCHES || uint256(shares) << (16 * (i + 1)) == 0;
            before = share;
        }
        return false;
    }

    function _share(bytes32 shares, uint256 tranche) private pure returns (uint256) {
        return uint16(uint256(shares) >> (240 - 16 * tranche));
    }

    /// @dev Behind the end of the code there are zeros.
    function _word(uint256 index) private view returns (bytes32 word) {
        assembly ("memory-safe") {
            extcodecopy(address(), 0, add(CLONE_CODE, mul(index, 0x20)), 0x20)
            word := mload(0)
        }
    }
}
