import { RemovalPolicy } from 'aws-cdk-lib'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Construct } from 'constructs'

/** The keys, in Secrets Manager; functions get ARNs, never values. */
export class Keys extends Construct {
  /** {NEAM_API_KEY: generated at deploy, NEAM_ADMIN_KEY: ""}; an empty admin key keeps the admin routes closed. */
  readonly service: Secret
  /** {OPENAI_API_KEY: ""}: filled in by hand after the first deploy. */
  readonly providers: Secret

  constructor(scope: Construct, id: string) {
    super(scope, id)
    this.service = new Secret(this, 'Service', {
      description: 'NeamClaw: NEAM_API_KEY (comma-separated while rotating) and NEAM_ADMIN_KEY',
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ NEAM_ADMIN_KEY: '' }),
        generateStringKey: 'NEAM_API_KEY',
        passwordLength: 48,
        excludePunctuation: true,
      },
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.providers = new Secret(this, 'Providers', {
      description: 'NeamClaw: keys of model providers by variable name, e.g. OPENAI_API_KEY',
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ OPENAI_API_KEY: '' }),
        // Secrets Manager insists on generating something; nothing reads it.
        generateStringKey: 'generated',
      },
      removalPolicy: RemovalPolicy.DESTROY,
    })
  }
}
