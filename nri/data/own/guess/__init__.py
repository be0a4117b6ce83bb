"""What a file of recordings holds, guessed."""
