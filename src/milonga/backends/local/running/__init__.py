"""Starting what has been recorded, in processes of their own, and the loop that does it again and again."""
