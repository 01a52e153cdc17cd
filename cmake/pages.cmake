# Man pages, completion of command lines and the config's JSON schema, which the program writes from its own tables.
if(QUARTIC_WHEEL)  # where it is a function of the extension module
  find_package(Python 3.11 REQUIRED COMPONENTS Interpreter)
  set(QUARTIC_SAYS ${CMAKE_COMMAND} -E env PYTHONPATH=$<TARGET_FILE_DIR:_quartic> ${Python_EXECUTABLE} -c
      "raise SystemExit(__import__('_quartic').program(['quartic', *__import__('sys').argv[1:]]))")
  set(QUARTIC_SAYER _quartic)
else()
  set(QUARTIC_SAYS quartic_program)
  set(QUARTIC_SAYER quartic_program)
endif()
set(QUARTIC_PAGES ${PROJECT_BINARY_DIR}/pages)
add_custom_command(
  OUTPUT ${QUARTIC_PAGES}/made
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${QUARTIC_PAGES}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${QUARTIC_PAGES}
  COMMAND ${QUARTIC_SAYS} man -o ${QUARTIC_PAGES}/man
  COMMAND ${QUARTIC_SAYS} completion bash -o ${QUARTIC_PAGES}/quartic
  COMMAND ${QUARTIC_SAYS} completion zsh -o ${QUARTIC_PAGES}/_quartic
  COMMAND ${QUARTIC_SAYS} completion fish -o ${QUARTIC_PAGES}/quartic.fish
  COMMAND ${QUARTIC_SAYS} validate --schema -o ${QUARTIC_PAGES}/quartic.schema.json
  COMMAND ${CMAKE_COMMAND} -E touch ${QUARTIC_PAGES}/made
  DEPENDS ${QUARTIC_SAYER} VERBATIM)
add_custom_target(quartic_pages ALL DEPENDS ${QUARTIC_PAGES}/made)

if(SKBUILD)
  set(QUARTIC_SHARE ${SKBUILD_DATA_DIR}/share)
  set(QUARTIC_MAN ${QUARTIC_SHARE}/man)
  set(QUARTIC_PAGES_COMPONENT python)
else()
  set(QUARTIC_SHARE ${CMAKE_INSTALL_DATADIR})
  set(QUARTIC_MAN ${CMAKE_INSTALL_MANDIR})
  set(QUARTIC_PAGES_COMPONENT program)
endif()
foreach(section 1 5)
  install(DIRECTORY ${QUARTIC_PAGES}/man/ DESTINATION ${QUARTIC_MAN}/man${section}
          COMPONENT ${QUARTIC_PAGES_COMPONENT} FILES_MATCHING PATTERN "*.${section}")
endforeach()
install(FILES ${QUARTIC_PAGES}/quartic DESTINATION ${QUARTIC_SHARE}/bash-completion/completions
        COMPONENT ${QUARTIC_PAGES_COMPONENT})
install(FILES ${QUARTIC_PAGES}/_quartic DESTINATION ${QUARTIC_SHARE}/zsh/site-functions
        COMPONENT ${QUARTIC_PAGES_COMPONENT})
install(FILES ${QUARTIC_PAGES}/quartic.fish DESTINATION ${QUARTIC_SHARE}/fish/vendor_completions.d
        COMPONENT ${QUARTIC_PAGES_COMPONENT})
install(FILES ${QUARTIC_PAGES}/quartic.schema.json DESTINATION ${QUARTIC_SHARE}/quartic
        COMPONENT ${QUARTIC_PAGES_COMPONENT})
