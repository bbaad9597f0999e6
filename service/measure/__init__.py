"""What is measured of the whole, each by its command, and the pages that show it.

Speed and memory (`bench`), users on a whole service (`load`), how good the engine is (`quality`), grouping
at scale (`scale`), ways of training (`recipes`). Nothing that serves imports this.
"""
