# QUARTIC_GIT_HASH: the commit that this source is of. From git in a clone; from what git writes below in an archive
# (git archive, a forge's download; .gitattributes); from cmake/commit in an sdist, which cmake/backend puts there.
set(QUARTIC_GIT_HASH unknown)
set(archived "$Format:%H$")
# A folder of another repository, as where an sdist is unpacked within one, has that one's top and commit.
execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} rev-parse --show-cdup HEAD OUTPUT_VARIABLE top_and_commit
                ERROR_QUIET)
if(top_and_commit MATCHES "^\n([0-9a-f]+)")
  set(QUARTIC_GIT_HASH ${CMAKE_MATCH_1})
elseif(archived MATCHES "^[0-9a-f]+$")
  set(QUARTIC_GIT_HASH ${archived})
elseif(EXISTS ${PROJECT_SOURCE_DIR}/cmake/commit)
  file(STRINGS ${PROJECT_SOURCE_DIR}/cmake/commit QUARTIC_GIT_HASH LIMIT_COUNT 1)
endif()
string(SUBSTRING ${QUARTIC_GIT_HASH} 0 12 QUARTIC_GIT_HASH)
