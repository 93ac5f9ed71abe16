"""The EVM node. Only this package imports web3; web processes never do."""
