; What the Windows installer does beyond electron-builder's own: links of Cairn open it, for this person or for all, as it
; was installed, and no longer once it is removed. Another program that took them meanwhile keeps them.

!macro linksOpenCairn SCHEME
  WriteRegStr SHELL_CONTEXT "Software\Classes\${SCHEME}" "" "URL:${SCHEME}"
  WriteRegStr SHELL_CONTEXT "Software\Classes\${SCHEME}" "URL Protocol" ""
  WriteRegStr SHELL_CONTEXT "Software\Classes\${SCHEME}\DefaultIcon" "" "$\"$INSTDIR\${APP_EXECUTABLE_FILENAME}$\",0"
  WriteRegStr SHELL_CONTEXT "Software\Classes\${SCHEME}\shell\open\command" "" "$\"$INSTDIR\${APP_EXECUTABLE_FILENAME}$\" $\"%1$\""
!macroend

!macro linksNoLongerOpenCairn SCHEME
  ReadRegStr $R0 SHELL_CONTEXT "Software\Classes\${SCHEME}\shell\open\command" ""
  ${If} $R0 == "$\"$INSTDIR\${APP_EXECUTABLE_FILENAME}$\" $\"%1$\""
    DeleteRegKey SHELL_CONTEXT "Software\Classes\${SCHEME}"
  ${EndIf}
!macroend

!macro customInstall
  !insertmacro linksOpenCairn "hyper"
  !insertmacro linksOpenCairn "cairn"
!macroend

!macro customUnInstall
  ; An update removes the old one first, and links go on working meanwhile.
  ${IfNot} ${isUpdated}
    !insertmacro linksNoLongerOpenCairn "hyper"
    !insertmacro linksNoLongerOpenCairn "cairn"
    ; Starting at login is written by Cairn itself, under its id.
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "${APP_ID}"
  ${EndIf}
!macroend
