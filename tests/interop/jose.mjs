// What the npm packages jose and jsonwebtoken make and take; see npm.sh.
//
//	node jose.mjs make OUT.json		tokens of all algorithms, their keys
//	node jose.mjs cross IN.json JWTGATE	those go to jwtgate, and what
//						jwtgate makes with the same keys
//						comes back
import * as fs from 'node:fs';
import * as os from 'node:os';
import { spawnSync } from 'node:child_process';
import * as crypto from 'node:crypto';
import * as jose from 'jose';
import jsonwebtoken from 'jsonwebtoken';

const version = (name) =>
	JSON.parse(fs.readFileSync(
	    `${process.cwd()}/node_modules/${name}/package.json`)).version;
const CLAIMS = {
	iss: 'https://npm.example', aud: 'ssh', sub: 'alice',
	iat: 1800000000, exp: 1800003600,
};
const SIGN = ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256',
	'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
const ENC = ['A128GCM', 'A256GCM', 'A128CBC-HS256', 'A256CBC-HS512'];
const BITS = { 'A128GCM': 128, 'A256GCM': 256, 'A128CBC-HS256': 256,
	'A256CBC-HS512': 512 };
const text = (s) => new TextEncoder().encode(s);

async function pair(alg, options) {
	if (alg.startsWith('HS')) {
		const k = crypto.randomBytes(64).toString('base64url');
		return { private: { kty: 'oct', k } };
	}
	const made = await jose.generateKeyPair(alg,
	    { extractable: true, ...options });
	return {
		private: await jose.exportJWK(made.privateKey),
		public: await jose.exportJWK(made.publicKey),
	};
}

async function sign(alg, out) {
	const keys = await pair(alg);
	const key = await jose.importJWK(keys.private, alg);
	out.push({ by: 'jose', alg, keys, token:
	    await new jose.SignJWT(CLAIMS).setProtectedHeader({ alg, typ: 'JWT' })
	        .sign(key) });
	if (alg.startsWith('Ed'))
		return; // jsonwebtoken has no EdDSA
	const pem = alg.startsWith('HS') ?
	    Buffer.from(keys.private.k, 'base64url') :
	    crypto.createPrivateKey({ key: keys.private, format: 'jwk' });
	out.push({ by: 'jsonwebtoken', alg, keys,
	    token: jsonwebtoken.sign(CLAIMS, pem, { algorithm: alg }) });
}

async function seal(alg, enc, keys, out) {
	const key = await jose.importJWK(keys.public ?? keys.private,
	    alg === 'dir' ? enc : alg);
	const e = new jose.CompactEncrypt(text(JSON.stringify(CLAIMS)))
	    .setProtectedHeader({ alg, enc });
	if (alg === 'ECDH-ES' && enc === 'A128GCM')
		e.setKeyManagementParameters({ apu: text('Alice'), apv: text('Bob') });
	out.push({ by: 'jose', alg, enc, keys, token: await e.encrypt(key) });
}

async function make(file) {
	const jws = [], jwe = [];
	for (const alg of SIGN)
		await sign(alg, jws);
	for (const enc of ENC) {
		for (const alg of ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'])
			for (const crv of ['P-256', 'P-384', 'P-521', 'X25519'])
				await seal(alg, enc, await pair(alg, { crv }), jwe);
		await seal('RSA-OAEP-256', enc, await pair('RSA-OAEP-256'), jwe);
		for (const [alg, bits] of [['A128KW', 128], ['A256KW', 256],
		    ['dir', BITS[enc]]])
			await seal(alg, enc, { private: { kty: 'oct', k:
			    crypto.randomBytes(bits / 8).toString('base64url') } }, jwe);
	}
	fs.writeFileSync(file, JSON.stringify({
		made_with: { node: process.versions.node, jose: version('jose'),
			jsonwebtoken: version('jsonwebtoken') },
		plaintext: JSON.stringify(CLAIMS), jws, jwe,
	}, null, '\t') + '\n');
	console.log(`${jws.length} signed, ${jwe.length} encrypted`);
}

const dir = fs.mkdtempSync(`${os.tmpdir()}/jwtgate-interop.`);
let program;

// Runs jwtgate with a key in a file; its output as bytes.
function jwtgate(words, key, input) {
	fs.writeFileSync(`${dir}/key`, JSON.stringify(key), { mode: 0o600 });
	const r = spawnSync(program, [...words, '--keys', `${dir}/key`],
	    { input });
	if (r.status !== 0)
		throw new Error(`exit ${r.status}: ${r.stderr}`.trim());
	return r.stdout;
}

function same(bytes, want) {
	if (new TextDecoder().decode(bytes) !== want)
		throw new Error('another text');
}

async function jwsTheirs(t, token, plaintext) {
	const jwk = t.keys.public ?? t.keys.private;
	const key = await jose.importJWK(jwk, t.alg);
	same((await jose.compactVerify(token, key,
	    { algorithms: [t.alg] })).payload, plaintext);
	if (t.alg.startsWith('Ed'))
		return;
	jsonwebtoken.verify(token, jwk.kty === 'oct' ?
	    Buffer.from(jwk.k, 'base64url') :
	    crypto.createPublicKey({ key: jwk, format: 'jwk' }),
	    { algorithms: [t.alg], clockTimestamp: 1800000001 });
}

async function jweTheirs(t, token, plaintext) {
	const key = await jose.importJWK(t.keys.private,
	    t.alg === 'dir' ? t.enc : t.alg);
	same((await jose.compactDecrypt(token, key)).plaintext, plaintext);
}

async function cross(file) {
	const all = JSON.parse(fs.readFileSync(file));
	const text = all.plaintext;
	let n = 0, failed = 0;
	const check = async (what, fn) => {
		n++;
		try {
			await fn();
		} catch (e) {
			failed++;
			console.log(`not ok ${n} - ${what}`);
			console.log(`# ${e.message.replaceAll('\n', ' ')}`);
			return;
		}
		console.log(`ok ${n} - ${what}`);
	};
	for (const t of all.jws) {
		const other = t.keys.public ?? t.keys.private;
		await check(`${t.by} signs ${t.alg}`, async () => same(
		    jwtgate(['jws', 'verify', '--alg', t.alg], other, t.token),
		    text));
		await check(`jwtgate signs ${t.alg}`, async () => jwsTheirs(t,
		    jwtgate(['jws', 'sign', '--alg', t.alg], t.keys.private,
		        text).toString().trim(), text));
	}
	for (const t of all.jwe) {
		const other = t.keys.public ?? t.keys.private;
		const what = `${t.alg} ${t.enc} ${other.crv ?? other.kty}`;
		const names = ['--alg', t.alg, '--enc', t.enc];
		await check(`jose encrypts ${what}`, async () => same(
		    jwtgate(['jwe', 'decrypt', ...names], t.keys.private,
		        t.token), text));
		await check(`jwtgate encrypts ${what}`, async () => jweTheirs(t,
		    jwtgate(['jwe', 'encrypt', ...names], other,
		        text).toString().trim(), text));
	}
	console.log(`1..${n}`);
	return failed === 0 && n > 0 ? 0 : 1;
}

const [what, file, path] = process.argv.slice(2);
let status = 0;
program = path;
try {
	if (what === 'make')
		await make(file);
	else
		status = await cross(file);
} finally {
	fs.rmSync(dir, { recursive: true });
}
process.exit(status);
