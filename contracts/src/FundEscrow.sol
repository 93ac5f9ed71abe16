// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IFundEscrow} from "./interfaces/IFundEscrow.sol";

/// @dev Documented at {IFundEscrow}.
contract FundEscrow is IFundEscrow, AccessControl, Pausable {
    using SafeERC20 for IERC20;

    bytes32 public constant FACTORY_ROLE = keccak256("FACTORY_ROLE");
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    struct Account {
        address token;
        uint96 balance;
    }

    mapping(address campaign => Account) private _accounts;
    mapping(address token => uint256 sum) public heldOf;

    constructor(address admin) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    function openAccount(address campaign, address token) external onlyRole(FACTORY_ROLE) {
        // Check
        if (_accounts[campaign].token != address(0)) revert AccountExists(campaign);
        // Effect
        _accounts[campaign].token = token;
        emit AccountOpened(campaign, token);
    }

    function credit(uint256 amount) external whenNotPaused {
        // Check
        Account memory account = _accountOfCaller();
        address token = account.token;
        uint256 needed = heldOf[token] + amount;
        uint256 present = IERC20(token).balanceOf(address(this));
        if (present < needed) revert NotReceived(token, present, needed);
        // Effect
        uint256 balance = account.balance + amount;
        heldOf[token] = needed;
        _accounts[msg.sender].balance = SafeCast.toUint96(balance);
        emit Credited(msg.sender, amount, balance);
    }

    function pay(address to, uint256 amount) external {
        // Check
        Account memory account = _accountOfCaller();
        address token = account.token;
        uint256 balance = account.balance;
        if (amount > balance) revert BalanceTooLow(msg.sender, balance, amount);
        if (to == address(0) || to == address(this) || to == token) revert ReceiverInvalid(to);
        // Effect
        _accounts[msg.sender].balance = uint96(balance - amount);
        heldOf[token] -= amount;
        emit Paid(msg.sender, to, amount, balance - amount);
        // Interaction
        IERC20(token).safeTransfer(to, amount);
    }

    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(PAUSER_ROLE) {
        _unpause();
    }

    function balanceOf(address campaign) external view returns (uint256) {
        return _accounts[campaign].balance;
    }

    function tokenOf(address campaign) external view returns (address) {
        return _accounts[campaign].token;
    }

    function _accountOfCaller() private view returns (Account memory account) {
        account = _accounts[msg.sender];
        if (account.token == address(0)) revert AccountUnknown(msg.sender);
    }
}
