"""Members of the distribution arm: who invited whom, and who stands where in the binary tree."""
