// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

interface IMoneyReceiver {
    function onMoney() external;
}

/// @notice A token that anybody can mint, with one vice a time.
contract ViciousToken is ERC20("vicious", "VICE") {
    uint256 public taxBps;
    bool public callsReceivers;
    address public callee;
    bytes public callData;
    bool public deliversNothing;
    bool public refusesZero;

    error ZeroRefused();

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setTax(uint256 bps) external {
        taxBps = bps;
    }

    function setCallsReceivers(bool calls) external {
        callsReceivers = calls;
    }

    function setDeliversNothing(bool nothing) external {
        deliversNothing = nothing;
    }

    function setRefusesZero(bool refuses) external {
        refusesZero = refuses;
    }

    /// @dev The next transfer calls `target` with `data` before it moves money.
    function setCall(address target, bytes calldata data) external {
        callee = target;
        callData = data;
    }

    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external {
        _call();
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from == address(0)) return super._update(from, to, amount);
        if (refusesZero && amount == 0) revert ZeroRefused();
        _call();
        if (deliversNothing) return;
        uint256 tax = amount * taxBps / 10_000;
        super._update(from, to, amount - tax);
        if (tax > 0) super._update(from, address(0xdead), tax);
        if (callsReceivers && to.code.length > 0) IMoneyReceiver(to).onMoney();
    }

    function _call() private {
        if (callee == address(0)) return;
        address target = callee;
        callee = address(0);
        (bool ok, bytes memory data) = target.call(callData);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(data, 32), mload(data))
            }
        }
    }
}
