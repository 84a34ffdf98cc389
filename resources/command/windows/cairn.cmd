@echo off
rem The cairn command of an installed Cairn: the program of the window, told that a command line follows (--).
rem It lies in resources\bin. Run from a script such as this one, Windows waits for the program to end.
setlocal DisableDelayedExpansion
"%~dp0..\..\Cairn.exe" --log-level=3 -- %*
exit /b %ERRORLEVEL%
