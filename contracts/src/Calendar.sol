// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

library Calendar {
    uint256 private constant DAY = 86_400;

    /// @notice The Gregorian year of a Unix time at or after 1970.
    function yearOf(uint256 timestamp) internal pure returns (uint16) {
        // Days are counted from 0000-03-01, so that the leap day ends a year: http://howardhinnant.github.io/date_algorithms.html
        uint256 day = timestamp / DAY + 719_468;
        uint256 dayOfEra = day % 146_097;
        uint256 yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        uint256 dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        uint256 year = day / 146_097 * 400 + yearOfEra;
        // January and February, the days from 306 on, belong to the next civil year.
        return uint16(dayOfYear >= 306 ? year + 1 : year);
    }
}
