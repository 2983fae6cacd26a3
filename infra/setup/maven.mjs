/** Pinned, so that the same arguments mean the same on every Maven. */
const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';
const FLAGS = ['-B', '-ntp', '-q'];

/** A project file that has nothing but dependencies, given as group:artifact:version. */
export function pomFor(dependencies) {
  const entries = dependencies.map((coordinates) => {
    const [group, artifact, version] = coordinates.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>spanloom</groupId><artifactId>engines</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${entries.join('')}</dependencies>
</project>
`;
}

/** Arguments that copy all that a project needs at run time into a folder. */
export function dependencyArguments(pom, folder) {
  return [
    ...FLAGS,
    '-f',
    pom,
    `${PLUGIN}:copy-dependencies`,
    '-DincludeScope=runtime',
    `-DoutputDirectory=${folder}`,
  ];
}

/** Arguments that copy one archive, given as group:artifact:version:type:classifier, into a folder. */
export function archiveArguments(coordinates, folder) {
  return [...FLAGS, `${PLUGIN}:copy`, `-Dartifact=${coordinates}`, `-DoutputDirectory=${folder}`];
}
