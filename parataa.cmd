@echo off
rem Runs a command of parataa on Windows with its permission set of deno.json: parataa dit --class_labels heart
rem A path outside the set ends with a line that may use it. Made by `deno run -A scripts/package/launcher.ts`.
setlocal
set "grants="
for %%c in (dit flow sd sd-winit demo verify rerun experiment inspect doctor selftest fetch convert) do if "%~1"=="%%c" set "grants=-P=%%c"
set "program=npx -y deno@2"
for %%p in (deno.exe deno.cmd) do if not "%%~$PATH:p"=="" set "program=deno"
%program% run -q --no-prompt --config="%~dp0deno.json" %grants% "%~dp0scripts\parataa.ts" %*
exit /b %errorlevel%
