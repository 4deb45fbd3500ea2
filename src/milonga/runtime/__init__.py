"""The program inside a task: read KFP's ExecutorInput, call the function, write KFP's ExecutorOutput.

The same code runs under the local engine, under KFP and Vertex, and in any image with a bare Python: it imports the
standard library and those few milonga modules that travel with it.
"""
