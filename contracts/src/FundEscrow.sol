// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IFundEscrow} from "./interfaces/IFundEscrow.sol";

/// @dev Documented at {IFundEscrow}.
contract FundEscrow is IFundEscrow, AccessControl, Pausable {
    using SafeERC20 for IERC20;

    bytes32 public constant FACTORY_ROLE = keccak256("FACTORY_ROLE");
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    mapping(address campaign => address token) public tokenOf;
    mapping(address campaign => uint256 balance) public balanceOf;
    mapping(address token => uint256 sum) public heldOf;

    constructor(address admin) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    function openAccount(address campaign, address token) external onlyRole(FACTORY_ROLE) {
        // Check
        if (tokenOf[campaign] != address(0)) revert AccountExists(campaign);
        // Effect
        tokenOf[campaign] = token;
        emit AccountOpened(campaign, token);
    }

    function credit(uint256 amount) external whenNotPaused {
        // Check
        address token = _tokenOfCaller();
        uint256 needed = heldOf[token] + amount;
        uint256 present = IERC20(token).balanceOf(address(this));
        if (present < needed) revert NotReceived(token, present, needed);
        // Effect
        uint256 balance = balanceOf[msg.sender] + amount;
        heldOf[token] = needed;
        balanceOf[msg.sender] = balance;
        emit Credited(msg.sender, amount, balance);
    }

    function pay(address to, uint256 amount) external {
        // Check
        address token = _tokenOfCaller();
        uint256 balance = balanceOf[msg.sender];
        if (amount > balance) revert BalanceTooLow(msg.sender, balance, amount);
        if (to == address(0) || to == address(this) || to == token) revert ReceiverInvalid(to);
        // Effect
        balanceOf[msg.sender] = balance - amount;
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

    function _tokenOfCaller() private view returns (address token) {
        token = tokenOf[msg.sender];
        if (token == address(0)) revert AccountUnknown(msg.sender);
    }
}
