// Command gonverge is a Jupyter kernel for Go, and the same kernel without Jupyter: it asks in notebooks whether
// different neural networks learn the same representations.
//
//	gonverge reproduce            the figure notebooks, executed, with their pictures
//	gonverge install              makes the kernel known to Jupyter
//	gonverge run NOTEBOOK.ipynb   a notebook without Jupyter
//	gonverge exec FILE.go         cells in a Go file
//
// This package holds the command line only. How a cell runs is told in package session, how messages are answered in
// package server; README.md beside this file has the map.
package main
